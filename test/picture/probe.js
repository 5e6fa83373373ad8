// Measures the picture in the page and writes what is wrong with it as JSON.
'use strict';

function inside(inner, outer) {
  const slack = 1;
  return inner.x >= outer.x - slack && inner.x + inner.width <= outer.x + outer.width + slack &&
    inner.y >= outer.y - slack - 2 && inner.y + inner.height <= outer.y + outer.height + slack + 2;
}

function show(e) { return (e.getAttribute('class') || '') + ' "' + e.textContent + '"'; }

function channels(colour) {
  const m = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour);
  if (!m) { throw new Error('no plain colour: ' + colour); }
  return m.slice(1).map(Number);
}

// Relative luminance and contrast as WCAG 2 defines them.
function luminance(colour) {
  const [r, g, b] = channels(colour).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

// The colours that a text may stand on: those of the rectangle around it.
function grounds(svg, box) {
  const view = svg.ownerDocument.defaultView;
  const fill = view.getComputedStyle(box).fill;
  if (fill.startsWith('url')) {
    return ['.stripe', '.stripe-ground'].map(s => view.getComputedStyle(svg.querySelector(s)).fill);
  }
  return [fill === 'none' ? view.getComputedStyle(svg.querySelector('.paper')).fill : fill];
}

function probe(svg) {
  const view = svg.ownerDocument.defaultView;
  const report = { texts: 0, boxes: 0, overflows: [], overlaps: [], faint: [], paper: '', chips: {} };
  report.paper = view.getComputedStyle(svg.querySelector('.paper')).fill;
  report.boxes = svg.querySelectorAll('rect').length;
  const texts = [...svg.querySelectorAll('text')].map(e => ({ e, box: e.getBBox() }));
  report.texts = texts.length;
  for (const t of texts) {
    let around = t.e.closest('g').querySelector(':scope > rect');
    if (t.e.classList.contains('digits')) { around = t.e.previousElementSibling; }
    if (!inside(t.box, around.getBBox())) { report.overflows.push(show(t.e)); }
    if (view.getComputedStyle(around).fill === 'none') { around = t.e.closest('g').querySelector(':scope > rect'); }
    for (const ground of grounds(svg, around)) {
      const c = contrast(view.getComputedStyle(t.e).fill, ground);
      if (c < 4.5 && !t.e.classList.contains('none')) { report.faint.push(show(t.e) + ' ' + c.toFixed(2)); }
    }
  }
  // Lines of text may come close; the letters themselves must not touch.
  const trimmed = texts.map(t => ({ e: t.e, x: t.box.x, r: t.box.x + t.box.width, y: t.box.y + t.box.height * 0.25, b: t.box.y + t.box.height * 0.75 }));
  for (let i = 0; i < trimmed.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = trimmed[i], b = trimmed[j];
      if (a.x < b.r && b.x < a.r && a.y < b.b && b.y < a.b) { report.overlaps.push(show(a.e) + ' and ' + show(b.e)); }
    }
  }
  for (const name of ['right', 'wrong', 'poor', 'pending']) {
    report.chips[name] = luminance(grounds(svg, svg.querySelector('rect.chip.' + name))[0]);
  }
  return report;
}

window.addEventListener('load', () => {
  const out = document.createElement('pre');
  out.id = 'result';
  let report;
  try {
    const frame = document.querySelector('iframe');
    const page = frame ? frame.contentDocument : document;
    report = probe(page.querySelector('svg'));
    if (frame) {
      report.head = page.defaultView.getComputedStyle(page.querySelector('h1')).fontWeight;
      report.cell = page.querySelector('td') ? page.defaultView.getComputedStyle(page.querySelector('td')).borderBottomStyle : 'solid';
    }
  } catch (e) {
    report = { error: String(e) };
  }
  out.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(report))));
  document.body.replaceChildren(out);
});
