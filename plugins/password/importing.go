package password

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/varco-id/varco/plugins/sdk"
)

// importForm is what an operator gives for one subscriber: one of the two.
type importForm struct {
	Password string `json:"password"`
	PHC      string `json:"phc"`
}

// ImportCredentials implements [sdk.Enrollment]. A password in clear must keep the rules like any other; of a hash
// only its form and cost can be judged.
func (p *Plugin) ImportCredentials(ctx context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	in, err := p.instance(instanceID)
	if err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		h, problem, err := p.importOne(ctx, in, input)
		switch {
		case err != nil:
			return nil, err
		case problem != "":
			results[i].Error = problem
		default:
			results[i].Change = sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: encode(h), Version: stateVersion}
		}
	}
	return results, nil
}

func (p *Plugin) importOne(ctx context.Context, in *instance, input sdk.ImportInput) (h hash, problem string, err error) {
	var form importForm
	d := json.NewDecoder(bytes.NewReader(input.JSON))
	d.DisallowUnknownFields()
	if d.Decode(&form) != nil || d.More() || (form.Password == "") == (form.PHC == "") {
		return hash{}, `give {"password": "…"} or {"phc": "$argon2id$…"}, and nothing else`, nil
	}
	if form.PHC != "" {
		h, err := parsePHC(form.PHC)
		if err != nil {
			return hash{}, err.Error(), nil
		}
		return h, "", nil
	}
	password := normalise(form.Password)
	refused, err := p.refusal(in, password, ownWords(in.config, sdk.StepContext{Subject: &input.Subject}))
	if err != nil {
		return hash{}, "", err
	}
	if refused.Key != "" {
		return hash{}, english(refused), nil
	}
	h, err = p.hasher.create(ctx, password, in.config.Argon2)
	return h, "", err
}

// Revoke implements [sdk.Enrollment]; nothing of a password lies outside the host.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.instance(instanceID)
	return err
}
