// A camera that shows a dot and has the size that window.size tells; window.paused stops its pictures.
(colour) => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  window.size = [640, 480];
  window.paused = false;
  const paint = () => {
    setTimeout(paint, 33);
    if (paused) return;
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.fillStyle = "#808080";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = `rgb(${colour})`;
    context.beginPath();
    const shake = (performance.now() % 100) / 100; // another picture each time
    context.arc(canvas.width * 0.3 + shake, canvas.height / 2, canvas.height / 20, 0, 7);
    context.fill();
  };
  paint();
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
}
