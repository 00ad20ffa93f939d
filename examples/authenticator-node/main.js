// The program that Varco starts. The plugin is in word.js, where tests reach it without a process.
import { serve } from '@varco/plugin'
import { word } from './word.js'

await serve(word())
