import { ServiceError } from '../errors.ts';
import type { TemplateVersion } from '../flow/keys.ts';
import type { Template } from '../template/template.ts';
import { refuseTemplate, type GivenFiles } from './given-files.ts';
import {
  chooseUsable,
  findClashes,
  loadStored,
  type Known,
  type KnownDependencies,
} from './known-templates.ts';
import {
  addVersion,
  listLatest,
  readVersion,
  removeFormer,
  type StoredTemplate,
  type StoredVersion,
  type VersionDependencies,
} from './template-versions.ts';

export interface CatalogDependencies extends VersionDependencies, KnownDependencies {
  /** Those of the folder, which win over stored ones. */
  shipped: readonly Template[];
  /** Templates that may be stored. */
  maxStored: number;
  now: () => Date;
  /** Is passed each problem of a stored template that cannot be used. */
  warn: (problem: { template: string; problem: string }) => void;
}

export interface WrittenTemplate {
  template: Template;
  stored: StoredVersion;
  /** There was none of this name. */
  created: boolean;
  warnings: string[];
}

/** Gets the digest of the current version; may throw. */
type CheckCurrent = (digest: string | undefined) => void;

/** The templates that can be used now. Writes and refreshes run one after the other. */
export class TemplateCatalog {
  /** Always the same list, whose content follows the store: a reader must not keep it across a wait. */
  readonly templates: readonly Template[];
  readonly #templates: Template[];
  readonly #deps: CatalogDependencies;
  #known = new Map<string, Known>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: CatalogDependencies) {
    this.#deps = deps;
    this.#templates = [...deps.shipped];
    this.templates = this.#templates;
  }

  /** How a template was stored; undefined for one of the folder. */
  storedAs(name: string): StoredVersion | undefined {
    const isShipped = this.#deps.shipped.some((one) => one.name === name);
    return isShipped ? undefined : this.#current(name)?.stored;
  }

  /** Why a stored template cannot be used. */
  problemOf(name: string): string | undefined {
    return this.#current(name)?.problem;
  }

  /** Reads what other replicas have stored. */
  async refresh(signal: AbortSignal): Promise<void> {
    await this.#inTurn(() => this.#read(signal), signal);
  }

  /** Stores a template, unless the current version has the same files. Throws `refused-template` with its problems. */
  async put(
    wanted: { name: string; files: GivenFiles; by: string; check: CheckCurrent },
    signal: AbortSignal,
  ): Promise<WrittenTemplate> {
    return await this.#inTurn(() => this.#put(wanted, signal), signal);
  }

  /** False if there is none. */
  async remove(
    wanted: { name: string; by: string; check: CheckCurrent },
    signal: AbortSignal,
  ): Promise<boolean> {
    return await this.#inTurn(() => this.#remove(wanted, signal), signal);
  }

  #current(name: string): Known | undefined {
    const known = this.#known.get(name);
    return known?.stored.deleted === true ? undefined : known;
  }

  async #inTurn<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#turn.then(() => {
      signal.throwIfAborted();
      return run();
    });
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const latest = await listLatest(this.#deps, signal);
      const known = new Map<string, Known>();
      for (const { name, version } of latest) {
        const old = this.#known.get(name);
        const one = old?.stored.version === version ? old : await this.#load({ name, version }, signal);
        if (one === undefined) break;
        known.set(name, one);
      }
      if (known.size < latest.length) continue;
      const isSame =
        known.size === this.#known.size && [...known.values()].every((one) => this.#isKnown(one));
      this.#known = known;
      if (!isSame) this.#publish();
      return;
    }
    throw changing();
  }

  #isKnown(one: Known): boolean {
    return this.#known.get(one.stored.name) === one;
  }

  async #load(wanted: TemplateVersion, signal: AbortSignal): Promise<Known | undefined> {
    const stored = await readVersion(this.#deps, wanted, signal);
    return stored && loadStored(this.#deps, stored);
  }

  #publish(): void {
    const { usable, unusable } = chooseUsable(this.#deps, [...this.#known.values()]);
    this.#templates.splice(0, this.#templates.length, ...usable);
    for (const [known, problem] of unusable) {
      if (known.problem !== problem) this.#deps.warn({ template: known.stored.name, problem });
    }
    for (const known of this.#known.values()) known.problem = unusable.get(known);
  }

  async #put(
    { name, files, by, check }: { name: string; files: GivenFiles; by: string; check: CheckCurrent },
    signal: AbortSignal,
  ): Promise<WrittenTemplate> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      await this.#read(signal);
      this.#checkNotShipped(name);
      const current = this.#current(name)?.stored;
      check(current?.digest);
      const { template, errors, warnings } = findClashes(this.#deps, { name, files, others: this.templates });
      if (template === undefined || errors.length > 0) throw refuseTemplate(name, errors);
      const { digest } = template;
      const result = { template, created: current === undefined, warnings };
      if (current?.digest === digest) return { ...result, stored: current };
      if (current === undefined) this.#checkRoom();
      const stored = await this.#add({ name, digest, files, createdBy: by }, signal);
      if (stored !== undefined) return { ...result, stored };
    }
    throw changing();
  }

  async #remove(
    { name, by, check }: { name: string; by: string; check: CheckCurrent },
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      await this.#read(signal);
      this.#checkNotShipped(name);
      const current = this.#current(name)?.stored;
      check(current?.digest);
      if (current === undefined) return false;
      const deleted = { name, digest: '', files: {}, createdBy: by, deleted: true } as const;
      if ((await this.#add(deleted, signal)) !== undefined) return true;
    }
    throw changing();
  }

  /** Undefined if another request has added a version at the same time. */
  async #add(
    template: Omit<StoredTemplate, 'version' | 'createdAt'>,
    signal: AbortSignal,
  ): Promise<StoredVersion | undefined> {
    const { name } = template;
    const version = (this.#known.get(name)?.stored.version ?? 0) + 1;
    const stored = { ...template, version, createdAt: this.#deps.now().toISOString() };
    if (!(await addVersion(this.#deps, stored, signal))) return undefined;
    this.#known.set(name, loadStored(this.#deps, stored));
    this.#publish();
    // A failure is not reported: the next version removes what is left.
    await removeFormer(this.#deps, stored, signal).catch(() => undefined);
    return stored;
  }

  #checkNotShipped(name: string): void {
    const shipped = this.#deps.shipped.find((one) => one.name === name);
    if (shipped === undefined) return;
    const message = `the template ${name} comes from the folder ${shipped.directory} (templates.directory), with which the service was started: change it there, or choose another name`;
    throw new ServiceError('conflict', message, { field: 'template' });
  }

  #checkRoom(): void {
    const { maxStored } = this.#deps;
    const count = [...this.#known.keys()].filter((name) => this.#current(name) !== undefined).length;
    if (count < maxStored) return;
    const message = `there are ${count} stored templates: expected fewer than ${maxStored} (templates.maxStored); delete one`;
    throw new ServiceError('conflict', message, { field: 'template' });
  }
}

/** A version may be removed while it is read, and another one added. */
const attempts = 5;

function changing(): ServiceError {
  return new ServiceError('unavailable', 'the templates are being changed by others; try again');
}
