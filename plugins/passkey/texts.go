package passkey

import "embed"

// The catalogue of both plugins. An error says what to do, not only what is wrong (WCAG 2.2, 3.3.3).
//
//go:embed texts/*.json
var textFiles embed.FS
