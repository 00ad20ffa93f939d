// @varco/plugin: write a plugin for Varco in JavaScript or TypeScript. README.md is the place to begin.
import './lib/parent.js'
export { serve } from './lib/serve.js'
export { log } from './lib/log.js'
export { Fault, aborted, notConfigured, resourceExhausted, unavailable } from './lib/errors.js'
export { readConfig } from './lib/config.js'
export { contractVersion } from './lib/contract.js'
export {
  ask, contents, create, failure, field, notApplicable, pack, remembered, revoke, say, screen, submit, success, t, texts, unpack, update
} from './lib/build.js'
