package messageotp

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// importAddress reads one form. The operator vouches for the address: no code was sent to it.
func (p *Plugin) importAddress(s Settings, input sdk.ImportInput) (sdk.CredentialChange, string) {
	form := map[string]string{}
	if problems := sdk.DecodeConfig(input.JSON, &form); len(problems) > 0 || len(form) != 1 || form[p.ImportKey] == "" {
		return sdk.CredentialChange{}, `give {"` + p.ImportKey + `": "…"} and nothing else`
	}
	address, problem := s.Parse(form[p.ImportKey], "")
	if problem != "" {
		return sdk.CredentialChange{}, p.english(problem)
	}
	return sdk.CredentialChange{Kind: sdk.ChangeCreate, Label: s.Mask(address), Data: encode(data{Address: address}), Version: stateVersion}, ""
}

// ImportCredentials implements [sdk.Enrollment].
func (p *Plugin) ImportCredentials(_ context.Context, instanceID string, inputs []sdk.ImportInput) ([]sdk.ImportResult, error) {
	s, err := p.settings(instanceID)
	if err != nil {
		return nil, err
	}
	results := make([]sdk.ImportResult, len(inputs))
	for i, input := range inputs {
		results[i].Change, results[i].Error = p.importAddress(s, input)
	}
	return results, nil
}

// english resolves a text for the operator's terminal.
func (p *Plugin) english(key string) string { return sdk.Texts(p.Definition.Texts)[sdk.English][key] }

// Revoke implements [sdk.Enrollment]; nothing lies outside the host.
func (p *Plugin) Revoke(_ context.Context, instanceID string, _ sdk.Credential) error {
	_, err := p.settings(instanceID)
	return err
}
