package provider

import (
	"strings"
)

// Check returns what is wrong beyond the form of the file: references to nothing, URLs that cannot work, choices that
// would make production unsafe. It reads no secret and calls nobody; `varco doctor` does.
func (c *Config) Check() Mistakes {
	k := &checker{c: c}
	k.issuer()
	k.network()
	k.database()
	k.sealing()
	k.times()
	k.plugins()
	k.policy()
	k.recovery()
	k.risk()
	k.clients()
	k.brand()
	k.rest()
	return k.mistakes
}

type checker struct {
	c        *Config
	mistakes Mistakes
}

// wrong notes a mistake at a key, or where its nearest parent was written.
func (k *checker) wrong(key, problem, hint string) {
	where, at := "", key
	for where = k.c.source.where[at]; where == "" && at != ""; where = k.c.source.where[at] {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	k.mistakes = append(k.mistakes, Mistake{Where: where, Key: key, Problem: problem, Hint: hint})
}

// written says whether the key stands in the file itself.
func (k *checker) written(key string) bool { return k.c.source.clear[key] }
