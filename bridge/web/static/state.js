// What the till page knows and what the person at it is doing. Views read it, actions change it
// and call `changed`.

import { setup } from "./setup.js";

export const state = {
  online: true,
  route: { view: "list", id: null },
  open: null, // open receipts, newest first; null until loaded
  recent: [], // receipts completed last
  fresh: new Set(), // ids of receipts that came while the page was looked at
  receipt: null, // the receipt that is shown
  unknown: null, // the problem that kept it from being shown
  targets: new Map(), // line number → quantity asked for but not yet answered
  busy: 0, // calls under way that change something
  waiting: false, // an attempt to complete has no answer yet
  trouble: null, // problem of the last action
  notice: null, // text: something happened elsewhere
  panel: null, // name of the dialog that is open
  draft: {}, // what is typed in it
  pad: null, // the amount pad, which lives outside of dialogs, too
  register: null, // register of new receipts
};

/** Returns a register's settings. */
export function registerNamed(id) {
  return setup.registers.find((each) => each.id === id) ?? setup.registers[0];
}

const STORED = "bonbridge.register";

/** Remembers on this device at which register it stands. */
export function chooseRegister(id) {
  state.register = registerNamed(id).id;
  localStorage.setItem(STORED, state.register);
}

chooseRegister(localStorage.getItem(STORED));

let draw = () => {};
let drawing = false;

/** Says what draws the page. */
export function drawnBy(render) {
  draw = render;
}

/** Has the page drawn anew, once for all changes made together. */
export function changed() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}
