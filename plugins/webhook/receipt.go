package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/varco-id/varco/plugins/sdk"
)

const receiptsPath = "receipts"

// receipts is what the gateway tells of messages it took.
type receipts struct {
	Receipts []receipt `json:"receipts"`
}

type receipt struct {
	ID     string `json:"id"` // as it answered
	Status string `json:"status"`
	Error  string `json:"error"` // a word, as in an answer
}

// HandleCallback implements [sdk.Callbacks]. Nothing of a request is believed before its signature. The same request again, within the
// time that its signature is good for, says the same again, and changes nothing.
func (p *Plugin) HandleCallback(_ context.Context, r *sdk.CallbackRequest) (*sdk.CallbackResponse, error) {
	g, err := p.gateway(r.InstanceID)
	if err != nil {
		return nil, err
	}
	refuse := func(status int) (*sdk.CallbackResponse, error) { return &sdk.CallbackResponse{Status: status}, nil }
	if r.Route != receiptsPath {
		return refuse(http.StatusNotFound)
	}
	given := r.Header.Values(header)
	if len(given) != 1 || !verify(g.ReceiptKey, given[0], p.now(), r.Body) {
		return refuse(http.StatusUnauthorized)
	}
	var in receipts
	d := json.NewDecoder(bytes.NewReader(r.Body))
	if d.Decode(&in) != nil || d.More() || len(in.Receipts) == 0 || len(in.Receipts) > sdk.MaxReceipts {
		return refuse(http.StatusBadRequest)
	}
	answer := &sdk.CallbackResponse{Status: http.StatusNoContent}
	for _, one := range in.Receipts {
		status := sdk.DeliveryStatus(one.Status)
		if one.ID == "" || len(one.ID) > maxID || status != sdk.DeliveryDelivered && status != sdk.DeliveryFailed && status != sdk.DeliveryGone {
			return refuse(http.StatusBadRequest) // all or nothing: the gateway's programmer is to notice
		}
		said := ""
		if status != sdk.DeliveryDelivered {
			raw, _ := json.Marshal(reply{Error: one.Error}) // two strings always marshal
			said = "the gateway says that it did not arrive" + word(raw)
		}
		answer.Receipts = append(answer.Receipts, sdk.Receipt{ProviderID: one.ID, Status: status, Reason: said})
	}
	return answer, nil
}

// HandleDelivery implements [sdk.Callbacks]. A channel asks for no messages itself.
func (*Plugin) HandleDelivery(context.Context, *sdk.DeliveryReport) (*sdk.CallbackResponse, error) {
	return &sdk.CallbackResponse{Status: http.StatusNoContent}, nil
}

func routes() []sdk.Route {
	return []sdk.Route{{Name: receiptsPath, Method: http.MethodPost, Path: receiptsPath, Headers: []string{header}}}
}
