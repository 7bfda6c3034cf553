// A page that was refused: there is nothing to do but to read it.

/** Starts the page. */
export function start() {}
