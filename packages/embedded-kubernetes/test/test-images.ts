import { join } from 'node:path';

export const testImages = { file: join(import.meta.dirname, 'images.yaml'), project: import.meta.dirname };
