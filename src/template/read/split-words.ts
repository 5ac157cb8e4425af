const word = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+/gy;

/** Splits words as a shell does (quotes, backslashes), without any expansion. Undefined if a quote is not closed. */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  const rest = text.trim();
  for (let at = 0; at < rest.length;) {
    word.lastIndex = at;
    const found = word.exec(rest)?.[0];
    if (found === undefined) return undefined;
    words.push(unquote(found));
    at += found.length;
    at += /^\s*/.exec(rest.slice(at))?.[0].length ?? 0;
  }
  return words;
}

const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|[^'"\\]+/gs;

function unquote(quoted: string): string {
  const parts = [...quoted.matchAll(part)].map(
    ([plain, single, double, escaped]) => single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain,
  );
  return parts.join('');
}
