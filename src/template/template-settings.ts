import type { Config } from '../config/config.ts';

/** What a template is checked against, and what its omissions mean. */
export type TemplateSettings = Pick<Config, 'images' | 'pods' | 'store'>;
