// Elements without markup in strings: texts can never become markup.

/** Returns an element. Properties that are false, null or undefined are left out. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

/** Makes the children of `parent` look like `children` and keeps what is there already: focus,
 *  caret, scroll position and open dialogs survive. Elements with `data-key` are told apart by it. */
export function morph(parent, children) {
  const left = [...parent.childNodes];
  const chosen = children.map((child) => {
    const at = left.findIndex((old) => old && alike(old, child));
    if (at < 0) return null;
    const [old] = left.splice(at, 1);
    return old;
  });
  for (const old of left) {
    // Closed properly, a dialog gives the focus back.
    if (old.nodeName === "DIALOG") old.close();
    old.remove();
  }
  let place = parent.firstChild;
  children.forEach((child, index) => {
    const old = chosen[index];
    const node = old ?? child;
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    if (old) adopt(old, child);
  });
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key : undefined);

function alike(old, child) {
  return old.nodeName === child.nodeName && keyOf(old) === keyOf(child);
}

function adopt(old, child) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== child.nodeValue) old.nodeValue = child.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) {
    // Whether a dialog or a detail is open is for whoever opened it.
    const shown = name === "open" && /^(DIALOG|DETAILS)$/.test(old.nodeName);
    if (!child.hasAttribute(name) && !shown) old.removeAttribute(name);
  }
  for (const { name, value } of child.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  morph(old, [...child.childNodes]);
  if (old.nodeName === "INPUT" && /^(radio|checkbox)$/.test(old.type)) {
    old.checked = child.hasAttribute("checked");
  } else if (old.nodeName === "INPUT" || old.nodeName === "SELECT") {
    if (old.value !== child.value) old.value = child.value;
  }
}

/** Puts a fragment that the box has rendered (and escaped) into an element. */
export function show(element, html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  morph(element, [...made.body.childNodes]);
}

/** Opens dialogs that were just put in; what is typed first replaces what they begin with. */
export function openDialogs() {
  for (const dialog of document.querySelectorAll("dialog:not([open])")) {
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.select();
  }
}
