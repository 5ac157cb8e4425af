import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const fixture = new URL('../fixtures/compatibility/curl-lines.txt', import.meta.url);
const hosts = /(?<=[ "/])(192\.168\.49\.5|localhost):\d+/g;

/** The commands by which users of other systems call them, with the address of this service. */
export class CurlLines {
  readonly #commands: string[];
  readonly #folder: string;

  constructor({ url, folder }: { url: string; folder: string }) {
    const text = readFileSync(fixture, 'utf8').replaceAll(hosts, new URL(url).host);
    this.#commands = text.trim().split(/\n{2,}/);
    this.#folder = folder;
  }

  /** The command that has this text. */
  find(text: string): string {
    const found = this.#commands.find((command) => command.includes(text));
    if (found === undefined) throw new Error(`no command has ${text}`);
    return found;
  }

  /** What a shell prints that runs the commands, one after the other. */
  async run(commands: string[], variables: Record<string, string> = {}): Promise<Buffer> {
    const { stdout } = await promisify(execFile)('sh', ['-e', '-c', commands.join('\n')], {
      cwd: this.#folder,
      env: { PATH: process.env['PATH'], ...variables },
      encoding: 'buffer',
    });
    return stdout;
  }
}
