// SPDX-License-Identifier: BSD-3-Clause
//
// The data that qtee-dashboard put into this page.

async function unpack(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

/** {runs, goals}, see page_data() of page.hpp. */
export async function dataRead() {
  return JSON.parse(await unpack(document.getElementById('data').textContent));
}

/** A results file as it was. */
export function fileRead(name) {
  return unpack(document.querySelector(`script[data-file="${CSS.escape(name)}"]`).textContent);
}
