// Texts that do not stand out from their ground as WCAG AA asks: 4.5 to 1, 3 to 1 for large ones.
() => {
  const parse = text => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return {r, g, b, a}; };
  const light = ({r, g, b}) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z; };
  const over = (top, under) => ({a: 1, r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a)});
  const ground = node => { const layers = [];
    for (let one = node; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== 'none' || Number(style.opacity) < 1) return null;
      const colour = parse(style.backgroundColor);
      if (colour.a > 0) layers.push(colour);
      if (colour.a === 1) break;
    }
    return layers.length && layers.at(-1).a === 1 ? layers.reduceRight((under, top) => over(top, under)) : null; };
  const weak = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !/[\p{L}\p{N}]/u.test(walk.currentNode.data) || node.closest('.hidden, .skip, svg, :disabled')) continue;
    if (!node.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    const under = ground(node);
    if (under === null) continue;
    const style = getComputedStyle(node);
    const words = over(parse(style.color), under);
    const [a, b] = [light(words), light(under)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) weak.set(`${node.className || node.tagName}: ${walk.currentNode.data.slice(0, 20)}`, Math.round(ratio * 100) / 100);
  }
  return [...weak];
}
