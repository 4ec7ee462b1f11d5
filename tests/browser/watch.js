// Watches pictures and answers of the live page, and at each painting what lies under what is drawn.
(colours) => {
  const mirror = document.querySelector("pose-live").mirror;
  const small = document.createElement("canvas");
  [small.width, small.height] = [320, 240];
  const context = small.getContext("2d", { willReadFrequently: true });
  const place = (data, colour) => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      if (colour.some((part, channel) => Math.abs(data[i + channel] - part) > 80)) continue;
      sum += ((i / 4) % 320) + 0.5;
      count += 1;
    }
    return count ? sum / count / 320 : null;
  };
  window.watched = { pictures: [], answers: [], drawn: [] };
  const picture = mirror.picture;
  mirror.picture = function (captured) {
    watched.pictures.push(performance.now());
    picture.call(this, captured);
  };
  addEventListener("pose2action:seen", () => watched.answers.push(performance.now()));
  addEventListener("pose2action:drawn", ({ detail }) => {
    const marks = mirror.marks([0, 0, mirror.aspect, 1]).map(({ points, colour }) => {
      return { colour, x: 1 - points[0][0] / mirror.aspect };
    });
    context.drawImage(mirror.video, 0, 0, 320, 240);
    const { data } = context.getImageData(0, 0, 320, 240);
    watched.drawn.push({ ...detail, marks, dots: colours.map((colour) => place(data, colour)) });
  });
}
