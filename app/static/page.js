// @ts-check
// Small things of the whole page: the button between light and dark.
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest(".p2a-theme")) document.body.classList.toggle("dark");
});
