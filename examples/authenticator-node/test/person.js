// A person who knows a word, for the conformance kit: the question comes as JSON on standard input, the answer goes out.
import { readFileSync } from 'node:fs'

const { view } = JSON.parse(readFileSync(0, 'utf8'))
const characters = [...process.argv[2].toLowerCase()]
const inputs = {}
for (const { text_field: field } of view.nodes) {
  if (field) inputs[field.name] = characters[Number(field.name.slice(1)) - 1]
}
process.stdout.write(JSON.stringify({ inputs }))
