package conformance

import (
	"context"
	"reflect"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var deliveryRules = []Rule{
	{ID: "delivery.send", check: checkSend, Where: whereDelivery,
		Says: "a message of each kind is accepted",
		Fix:  "correct the address in conformance.yaml (delivery.to), or the channel"},
	{ID: "delivery.repeat", check: checkSendAgain, Where: "delivery.proto, SendRequest.idempotency_key",
		Says: "the same key again is accepted again, as the same message",
		Fix:  "hand the key to the provider, or remember it, and answer what you answered before"},
	{ID: "delivery.refused", check: checkSendRefused, Where: "delivery.proto, SendResponse.permanent",
		Says: "what can never be sent is refused for good: an unknown kind, no address, a message past its time, a refused address",
		Fix:  "answer accepted: false, permanent: true with a reason, so that the host does not try for ever"},
	{ID: "delivery.shapes", check: checkSendShapes, Where: whereDelivery,
		Says: "addresses and texts of every shape are no bug",
		Fix:  "check the address before you use it: line breaks in it are headers to a mail server"},
	{ID: "delivery.secrets", check: checkSendSecrets, last: true, Where: "delivery.proto, SendResponse.reason",
		Says: "no address and no text of a message is in a log or a reason",
		Fix:  "log the provider's id and the kind, never the address or the body: it holds the code"},
}

// The message under test. Its address and body must not be found anywhere.
const canaryBody = "Your code is 918273-canary-5bf1."

func (k *kit) message(kind, to, key string) sdk.Message {
	k.keep("sent: the body of a message", canaryBody)
	k.keep("sent: the address of a message", to)
	return sdk.Message{InstanceID: instanceID, IdempotencyKey: "conformance-" + key, Kind: kind, To: to, Subject: "Code",
		Body: canaryBody, ExpiresAt: time.Now().Add(10 * time.Minute)}
}

func (k *kit) send(ctx context.Context, p *process, m sdk.Message) (*sdk.SendResult, error) {
	ctx, cancel := context.WithTimeout(ctx, sendLimit)
	defer cancel()
	r, err := p.Send(ctx, m)
	if err != nil {
		k.fault("Send", err)
		return nil, err
	}
	k.say("the reason of a message", r.Reason)
	return r, nil
}

// channels runs f for each kind of channel that the script has an address for.
func (v *verdict) channels(f func(kind, to string)) {
	v.needs(sdk.ServiceDeliveryChannel)
	for _, kind := range v.description.ChannelKinds {
		if d := v.script.Delivery; d != nil && d.To[kind] != "" {
			v.part(func() { f(kind, d.To[kind]) })
		}
	}
	v.why = errNoScript.Error() + ": delivery.to"
}

func checkSend(v *verdict) {
	v.channels(func(kind, to string) {
		r, err := v.send(v.ctx, v.primary(), v.message(kind, to, "send-"+kind))
		v.made()
		switch {
		case err != nil:
			v.fail("%s: %v", kind, err)
		case !r.Accepted:
			v.fail("%s: not accepted: %s", kind, r.Reason)
		case r.Permanent || r.Gone:
			v.fail("%s: accepted, and refused for good", kind)
		}
	})
}

func checkSendAgain(v *verdict) {
	v.channels(func(kind, to string) {
		m := v.message(kind, to, "again-"+kind)
		first, err := v.send(v.ctx, v.primary(), m)
		v.ended(err)
		second, err := v.send(v.ctx, v.primary(), m)
		v.made()
		if err != nil {
			v.fail("%s: the second time: %v", kind, err)
			return
		}
		if !reflect.DeepEqual(*first, *second) {
			v.fail("%s: first %+v, then %+v", kind, *first, *second)
		}
	})
}

func checkSendRefused(v *verdict) {
	v.channels(func(kind, to string) {
		refuse := func(what string, m sdk.Message) {
			r, err := v.send(v.ctx, v.primary(), m)
			v.made()
			switch {
			case err != nil:
				v.sound(what, err)
				v.fail("%s: %s is a technical fault (%v), which the host would try again", kind, what, err)
			case r.Accepted:
				v.fail("%s: %s is accepted", kind, what)
			case !r.Permanent:
				v.fail("%s: %s is refused for now, and the host would try again", kind, what)
			case r.Reason == "":
				v.fail("%s: %s is refused without a reason", kind, what)
			}
		}
		m := v.message("zz-no-such-kind", to, "kind-"+kind)
		refuse("a message of an unknown kind", m)
		m = v.message(kind, "", "nobody-"+kind)
		refuse("a message without an address", m)
		m = v.message(kind, to, "late-"+kind)
		m.ExpiresAt = time.Now().Add(-time.Minute)
		refuse("a message past its time", m)
		if address := v.script.Delivery.Refused[kind]; address != "" {
			refuse("a message to a refused address", v.message(kind, address, "refused-"+kind))
		}
	})
}

func checkSendShapes(v *verdict) {
	v.channels(func(kind, to string) {
		for name, text := range shapes() {
			m := v.message(kind, text, "shape-"+name+kind)
			ctx, cancel := v.within(sendLimit)
			_, err := v.primary().Send(ctx, m)
			v.made()
			v.sound("an address of the shape "+name, err)
			m = v.message(kind, to, "body-"+name+kind)
			m.Body, m.Subject = text, text
			_, err = v.primary().Send(ctx, m)
			v.sound("a text of the shape "+name, err)
			cancel()
		}
	})
}

func checkSendSecrets(v *verdict) {
	v.channels(func(kind, to string) {
		_, _ = v.send(v.ctx, v.primary(), v.message(kind, to, "secret-"+kind))
		v.made()
	})
	for _, leak := range v.leaks("sent: ") {
		v.fail("%s", leak)
	}
}
