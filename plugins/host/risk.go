package host

import (
	"context"

	"github.com/varco-id/varco/plugins/sdk"
)

// Assess asks a risk source for its verdict. r is not changed; the plugin gets only the attributes it may see. The deadline
// is ctx's, at most 3 s: what silence means is the caller's policy. It is not repeated, since somebody is waiting. The error is
// an *Error, also for a verdict outside the contract.
func (h *Host) Assess(ctx context.Context, id string, r *sdk.RiskRequest) (*sdk.RiskAssessment, error) {
	var answer *sdk.RiskAssessment
	err := h.call(ctx, id, "assess", assessTimeout, false, func(ctx context.Context, i *instance, on *running) error {
		about, err := on.offers(sdk.ServiceRiskSource)
		if err != nil {
			return err
		}
		request := *r
		request.Context = i.context(&r.Context, about)
		request.Context.InstanceID = id
		assessment, err := on.client.Assess(ctx, &request)
		if err != nil {
			return err
		}
		if err := assessment.Validate(); err != nil {
			return err
		}
		answer = assessment
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}
