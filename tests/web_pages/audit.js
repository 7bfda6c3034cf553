// Looks at the page as a careful person would: returns a list of complaints.
() => {
  const found = [];
  const top = document.querySelector("dialog[open]") ?? document.body;
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 2 && box.height > 2 && style.visibility !== "hidden" && box.left > -900;
  };
  const name = (element) => {
    const text = element.textContent.trim().slice(0, 30);
    return `${element.nodeName.toLowerCase()}.${element.className} "${text}"`;
  };

  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 0) found.push(`the page is ${wide} px wider than the screen`);
  for (const sheet of document.querySelectorAll("dialog[open], .sheet-body")) {
    if (sheet.scrollWidth > sheet.clientWidth) found.push(`${sheet.className} scrolls sideways`);
  }

  for (const element of top.querySelectorAll("a[href], button, select, input, summary")) {
    if (!seen(element) || element.classList.contains("skip")) continue;
    const { width, height } = element.getBoundingClientRect();
    if (width < 44 || height < 44) found.push(`${name(element)} is ${width} × ${height} px`);
    const labels = [...(element.labels ?? [])].map((label) => label.textContent).join("");
    const spoken = element.getAttribute("aria-label") ?? (element.textContent.trim() || labels);
    if (!spoken.trim()) found.push(`${name(element)} has no name`);
    if (element.scrollWidth > element.clientWidth + 1 && element.nodeName === "BUTTON") {
      found.push(`${name(element)} is cut off`);
    }
  }

  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.nodeValue.trim() || !seen(element)) continue;
    if (element.closest(":disabled, script, noscript, .skip")) continue;
    const pair = [light(numbers(getComputedStyle(element).color)), light(ground(element))].sort(
      (a, b) => b - a,
    );
    const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (contrast < 4.5) found.push(`${name(element)} has a contrast of ${contrast.toFixed(2)}`);
  }
  return found;
}
