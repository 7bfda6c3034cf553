// The entry of every page.

import { corner } from "./common.js";

corner();
const { start } = await import(`./${document.body.dataset.page}.js`);
start();
document.body.dataset.started = "yes"; // from now on buttons are answered
