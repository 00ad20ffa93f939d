package riskhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/varco-id/varco/plugins/sdk"
)

// None of these quotes the answer, which may hold what the operator must not read.
var (
	errNotJSON   = errors.New("the answer is not JSON")
	errNoVerdict = errors.New("the answer has no verdict where the configuration looks for one")
	errUnknown   = errors.New("the answer's verdict is none of the configured values")
	errNoScore   = errors.New("the answer has no number where the configuration looks for a score")
	errNoSwapped = errors.New("the answer does not say whether the SIM card was swapped")
)

// read turns an answer into an assessment.
func (c *Config) read(body []byte) (*sdk.RiskAssessment, error) {
	answer, err := decode(body)
	if err != nil {
		return nil, err
	}
	if c.Kind == kindSimSwap {
		return c.readSimSwap(answer)
	}
	a := &sdk.RiskAssessment{Verdict: sdk.RiskAllow}
	if c.Verdict != nil {
		if a.Verdict, err = c.Verdict.read(answer); err != nil {
			return nil, err
		}
	}
	if *c.ReasonsPointer != "" {
		a.Reasons = reasons(at(answer, *c.ReasonsPointer))
	}
	if c.Score != nil {
		verdict, score, err := c.Score.read(answer)
		if err != nil {
			return nil, err
		}
		if verdict == sdk.RiskDeny || a.Verdict == sdk.RiskAllow {
			a.Verdict = verdict
		}
		a.Reasons = append(a.Reasons[:min(len(a.Reasons), sdk.MaxReasons-1)], "score "+strconv.FormatFloat(score, 'g', 6, 64))
	}
	return a, nil
}

func (v *Verdict) read(answer any) (sdk.RiskVerdict, error) {
	word := ""
	switch found := at(answer, v.Pointer).(type) {
	case string:
		word = found
	case json.Number:
		word = found.String()
	case bool:
		word = strconv.FormatBool(found)
	default:
		return "", errNoVerdict
	}
	switch {
	case slices.Contains(v.Deny, word):
		return sdk.RiskDeny, nil
	case slices.Contains(v.StepUp, word):
		return sdk.RiskStepUp, nil
	case slices.Contains(v.Allow, word):
		return sdk.RiskAllow, nil
	}
	return "", errUnknown
}

func (s *Score) read(answer any) (sdk.RiskVerdict, float64, error) {
	n, ok := at(answer, s.Pointer).(json.Number)
	if !ok {
		return "", 0, errNoScore
	}
	score, err := n.Float64()
	switch {
	case err != nil:
		return "", 0, errNoScore // beyond any scale
	case s.DenyFrom != nil && score >= *s.DenyFrom:
		return sdk.RiskDeny, score, nil
	case s.StepUpFrom != nil && score >= *s.StepUpFrom:
		return sdk.RiskStepUp, score, nil
	}
	return sdk.RiskAllow, score, nil
}

// readSimSwap reads CheckSimSwapInfo of the CAMARA SIM Swap API.
func (c *Config) readSimSwap(answer any) (*sdk.RiskAssessment, error) {
	swapped, ok := at(answer, "/swapped").(bool)
	switch {
	case !ok:
		return nil, errNoSwapped
	case !swapped:
		return &sdk.RiskAssessment{Verdict: sdk.RiskAllow}, nil
	}
	return &sdk.RiskAssessment{Verdict: sdk.RiskVerdict(c.SimSwap.Swapped),
		Reasons: []string{fmt.Sprintf("the SIM card changed within %d hours", c.SimSwap.MaxAgeHours)}}, nil
}

func decode(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, errNotJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return v, nil
}

// at returns what a JSON Pointer (RFC 6901) points to, nil when there is nothing.
func at(v any, pointer string) any {
	if pointer == "" {
		return v
	}
	for part := range strings.SplitSeq(pointer[1:], "/") {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(in) || strconv.Itoa(i) != part {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func goodPointer(p string) bool {
	if !strings.HasPrefix(p, "/") {
		return false
	}
	for i := range len(p) {
		if p[i] == '~' && (i+1 == len(p) || (p[i+1] != '0' && p[i+1] != '1')) {
			return false
		}
	}
	return true
}

// reasons takes texts as the contract allows them: few, short, on one line.
func reasons(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list {
		text, ok := e.(string)
		if !ok || len(out) == sdk.MaxReasons {
			continue
		}
		text = strings.Map(func(c rune) rune {
			if unicode.IsControl(c) {
				return ' '
			}
			return c
		}, strings.ToValidUTF8(text, ""))
		for len(text) > sdk.MaxReason {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		if text = strings.TrimSpace(text); text != "" {
			out = append(out, text)
		}
	}
	return out
}
