/** Whether the text matches a pattern of `*` and `?`. Backtracks to the last `*` only, so that no pattern makes it slow. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let resume = 0;
  while (place < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') {
      star = at;
      at += 1;
      resume = place;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[place])) {
      at += 1;
      place += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      place = resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}
