package policy

// Policy is the operator's part of the configuration file.
type Policy struct {
	// Levels from the weakest to the strongest.
	Levels []Level `json:"levels"`
	// Default is the acr a request gets that asks for none; empty means the first level.
	Default string `json:"default,omitempty"`
	// BindAtLogin lists methods that a person who has none of them yet may bind during a login, having proven the
	// other methods of the combination. Empty is the safe choice: then binding happens elsewhere, at full strength.
	BindAtLogin []string `json:"bind_at_login,omitempty"`
}

// Level is one acr value.
type Level struct {
	ACR string `json:"acr"`
	// AnyOf lists combinations of method references; proving every method of one of them reaches the level.
	AnyOf [][]string `json:"any_of"`
	// Factors is the number of different factors (knowledge, possession, inherence) that a combination must have;
	// checked when the configuration is loaded.
	Factors int `json:"factors,omitempty"`
}
