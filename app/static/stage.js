// @ts-check
// What <pose-live> consists of.

import { TEACH } from "./teach.js";

const FIGURE = `
  <svg class="p2a-figure" viewBox="0 0 120 120" aria-hidden="true">
    <g class="p2a-bones"><path d="M60 36V68M60 68 46 104M60 68l16 36M60 40 38 56M60 40l24-8M84 32l8-22"/></g>
    <g class="p2a-wrist"><path d="M38 56 30 76"/></g>
    <circle cx="60" cy="22" r="9"/>
    <g class="p2a-joints"><circle cx="60" cy="40" r="3.4"/><circle cx="60" cy="68" r="3.4"/><circle cx="46" cy="104" r="3.4"/>
    <circle cx="76" cy="104" r="3.4"/><circle cx="38" cy="56" r="3.4"/><circle cx="84" cy="32" r="3.4"/>
    <circle cx="92" cy="10" r="3.4"/><circle cx="30" cy="76" r="3.4"/></g>
  </svg>`;

export const TEMPLATE = `
  <section class="p2a-stage" aria-label="Camera">
    <div class="p2a-screen">
      <video class="p2a-preview" muted playsinline></video>
      <canvas class="p2a-overlay" role="img" aria-label="Skeletons and actions over the camera's picture"></canvas>
      <div class="p2a-welcome">
        ${FIGURE}
        <p>Step in front of the camera, wave, and read what you do.</p>
        <button type="button" class="p2a-start">Start camera</button>
        <small>Pictures go only to this program, and none is kept.</small>
      </div>
      <p class="p2a-note" role="alert" hidden></p>
    </div>
    <div class="p2a-bar-below">
      <span class="p2a-state" role="status">Camera off</span>
      <dl class="p2a-figures">
        <div title="Camera pictures shown a second"><dt>pictures/s</dt><dd data-figure="pictures">–</dd></div>
        <div title="Pictures a second in which the program has looked for people"><dt>poses/s</dt><dd data-figure="poses">–</dd></div>
        <div title="From the camera's picture to the skeleton that was seen in it, when that is drawn, median; it is moved on for that time"><dt>skeleton age</dt><dd data-figure="age">–</dd></div>
        <div title="Label updates a second"><dt>labels/s</dt><dd data-figure="labels">–</dd></div>
      </dl>
      <button type="button" class="p2a-save p2a-save-picture" aria-label="Save picture" title="Saves the picture with its skeletons, as PNG" disabled>⤓ picture</button>
      <button type="button" class="p2a-save p2a-save-record" aria-label="Save the last 30 seconds" title="Saves labels and landmarks of the last 30 seconds, as JSON" disabled>⤓ 30 s</button>
      <button type="button" class="p2a-stop" hidden>Stop</button>
    </div>
  </section>
  <section class="p2a-heat" aria-label="What the network looks at" hidden>
    <p class="p2a-empty">What the network looks at appears here with the first action.</p>
  </section>
  <section class="p2a-now" aria-label="Actions now">
    <div class="p2a-cards"></div>
    <p class="p2a-empty">Actions appear here.</p>
  </section>
  <section class="p2a-past" aria-label="The last 30 seconds">
    <header><span>30 s ago</span><span>20</span><span>10</span><span>now</span></header>
    <div class="p2a-strips"></div>
  </section>
  ${TEACH}`;
