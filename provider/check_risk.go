package provider

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/delivery"
	"github.com/varco-id/varco/provider/internal/policy"
)

var (
	riskOperations = []string{string(sdk.OperationSignIn), string(sdk.OperationSend), string(sdk.OperationBind),
		string(sdk.OperationTransaction), string(sdk.OperationRecover)}
	riskVerdicts     = []string{string(sdk.RiskAllow), string(sdk.RiskStepUp), string(sdk.RiskDeny)}
	deliveryChannels = []string{delivery.SMS, delivery.Voice, delivery.Email, delivery.Push}
)

// maxRiskDeadline is what the plugin host allows a risk source at most.
const maxRiskDeadline = 3 * time.Second

func (k *checker) risk() {
	for i, r := range k.c.Risk {
		key := fmt.Sprintf("risk[%d]", i)
		if r.Source == "" {
			k.wrong(key+".source", "the risk source is missing", "name an instance of plugins")
		} else {
			k.method(key+".source", r.Source)
			if plugin, ok := BundledPlugin(k.c.Plugins[r.Source].Name(r.Source)); ok {
				if _, ok := plugin.(sdk.RiskSource); !ok {
					k.wrong(key+".source", "the bundled plugin "+strconv.Quote(r.Source)+" is no risk source", "")
				}
			}
		}
		if len(r.Operations) == 0 {
			k.wrong(key+".operations", "a source that is asked about nothing judges nothing", "name some of "+strings.Join(riskOperations, ", "))
		}
		for j, op := range r.Operations {
			k.word(fmt.Sprintf("%s.operations[%d]", key, j), op, "operation", riskOperations)
			if slices.Contains(r.Operations[:j], op) {
				k.wrong(fmt.Sprintf("%s.operations[%d]", key, j), "this operation is there twice", "")
			}
		}
		for _, op := range slices.Sorted(maps.Keys(r.Silence)) {
			at := join(key+".silence", op)
			if !slices.Contains(r.Operations, op) {
				k.wrong(at, "the source is not asked about "+strconv.Quote(op), suggestion(op, slices.Clone(r.Operations)))
			}
			k.word(at, r.Silence[op], "verdict", riskVerdicts)
		}
		if len(r.Channels) > 0 && !slices.Contains(r.Operations, string(sdk.OperationSend)) {
			k.wrong(key+".channels", "channels matter to the operation send alone, which is not among the operations", "")
		}
		for j, c := range r.Channels {
			k.word(fmt.Sprintf("%s.channels[%d]", key, j), c, "kind of channel", deliveryChannels)
		}
		for j, client := range r.RelyingParties {
			if client == "" {
				k.wrong(fmt.Sprintf("%s.relying_parties[%d]", key, j), "a client_id is missing", "")
			}
		}
		if d := time.Duration(r.Deadline); d != 0 && (d < 50*time.Millisecond || d > maxRiskDeadline) {
			k.wrong(key+".deadline", "a person waits for it: choose from 50ms to 3s", "")
		}
	}
}

func (k *checker) word(key, word, what string, words []string) {
	if !slices.Contains(words, word) {
		k.wrong(key, "there is no "+what+" "+strconv.Quote(word), suggestion(word, slices.Clone(words)))
	}
}

// checkRiskSources holds the configuration against what running plugins offer.
func (c *Config) checkRiskSources(h *host.Host) Mistakes {
	k := &checker{c: c}
	for i, r := range c.Risk {
		if d, ok := h.Describe(r.Source); ok && !slices.Contains(d.Services, sdk.ServiceRiskSource) {
			k.wrong(fmt.Sprintf("risk[%d].source", i), "the plugin "+strconv.Quote(r.Source)+" is no risk source", "")
		}
	}
	return k.mistakes
}

// riskRules is the configuration as the pipeline takes it.
func (c *Config) riskRules() []policy.RiskRule {
	var rules []policy.RiskRule
	for _, r := range c.Risk {
		rule := policy.RiskRule{Source: r.Source, Operations: map[sdk.Operation]sdk.RiskVerdict{}, Clients: r.RelyingParties, Channels: r.Channels,
			Deadline: time.Duration(r.Deadline)}
		for _, name := range r.Operations {
			op := sdk.Operation(name)
			rule.Operations[op] = policy.Silence(op)
			if verdict, ok := r.Silence[name]; ok {
				rule.Operations[op] = sdk.RiskVerdict(verdict)
			}
		}
		rules = append(rules, rule)
	}
	return rules
}
