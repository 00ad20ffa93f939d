package sdk

import (
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

// generators make any value the contract can express.
func generators() rapid.MakeConfig {
	pick := func(values ...any) *rapid.Generator[any] { return rapid.SampledFrom(values) }
	text := rapid.Custom(func(t *rapid.T) any { return rapid.String().Draw(t, "string") })
	return rapid.MakeConfig{
		Kinds: map[reflect.Kind]*rapid.Generator[any]{
			reflect.String: text,
			reflect.Int:    rapid.Custom(func(t *rapid.T) any { return rapid.IntRange(0, 1<<31-1).Draw(t, "int") }),
		},
		Types: map[reflect.Type]*rapid.Generator[any]{
			reflect.TypeFor[time.Time](): rapid.Custom(func(t *rapid.T) any {
				if rapid.Bool().Draw(t, "zero") {
					return time.Time{}
				}
				return time.Unix(rapid.Int64Range(-62135596800+1, 253402300799).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
			}),
			reflect.TypeFor[Intent](): pick(Intent(""), IntentLogin, IntentEnrol, IntentTransaction, IntentMigration, IntentRecovery, Intent("#77")),
			reflect.TypeFor[Reason](): pick(Reason(""), ReasonBadCredential, ReasonExpired, ReasonReplayed, ReasonLocked, ReasonNotEnrolled,
				ReasonUserCancelled, ReasonDeviceDenied, ReasonDeviceUnreachable, ReasonTransactionMismatch, ReasonMustChange,
				ReasonRiskRefused, ReasonUnknownUser, ReasonInvalidInput, Reason("#99")),
			reflect.TypeFor[ChangeKind](): pick(ChangeCreate, ChangeUpdate, ChangeRevoke),
			reflect.TypeFor[Service](): pick(ServiceAuthenticator, ServiceEnrollment, ServiceCallbacks, ServiceLegacySource,
				ServiceDeliveryChannel, ServiceRiskSource, ServiceKeyService, Service("#42")),
			reflect.TypeFor[Factor](): pick(FactorKnowledge, FactorPossession, FactorInherence),
			reflect.TypeFor[FieldKind](): pick(FieldText, FieldUsername, FieldPassword, FieldNewPassword, FieldOneTimeCode, FieldPhone,
				FieldEmail, FieldKind("#12")),
			reflect.TypeFor[Style](): pick(StylePlain, StyleError, StyleWarning, StyleSuccess),
			reflect.TypeFor[LegacyResult](): pick(LegacyMatch, LegacyNoMatch, LegacyLocked, LegacyMustChange, LegacyUnavailable,
				LegacyChallenge),
			reflect.TypeFor[RiskVerdict]():    pick(RiskAllow, RiskStepUp, RiskDeny),
			reflect.TypeFor[DeliveryStatus](): pick(DeliveryDelivered, DeliveryFailed, DeliveryGone),
			reflect.TypeFor[Operation]():      pick(OperationSignIn, OperationSend, OperationBind, OperationTransaction, OperationRecover, Operation("#9")),
		},
	}
}

// oneOf leaves exactly one of the first pointer fields of v set.
func oneOf(t *rapid.T, v reflect.Value, fields int) {
	set := 0
	for i := range fields {
		if !v.Field(i).IsNil() {
			set++
		}
	}
	if set == 1 {
		return
	}
	keep := rapid.IntRange(0, fields-1).Draw(t, "alternative")
	for i := range fields {
		f := v.Field(i)
		if i != keep {
			f.SetZero()
		} else if f.IsNil() {
			f.Set(reflect.New(f.Type().Elem()))
		}
	}
}

// normal makes v comparable with what came over the wire: one alternative where the contract has one, nil for empty.
func normal(t *rapid.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			normal(t, v.Elem())
		}
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[time.Time]():
			return
		case reflect.TypeFor[Node]():
			oneOf(t, v, v.NumField())
		case reflect.TypeFor[StepResponse]():
			oneOf(t, v, 6)
		}
		for i := range v.NumField() {
			normal(t, v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			normal(t, v.Index(i))
		}
	case reflect.Map:
		if v.Len() == 0 {
			v.SetZero()
		}
		for _, key := range v.MapKeys() {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			normal(t, value)
			v.SetMapIndex(key, value)
		}
	}
}

// roundTrip checks that nothing is lost between a struct, its message, the bytes of that message and back.
func roundTrip[S any, M proto.Message](t *testing.T, encode func(*encoder, *S) M, decode func(M) *S) {
	t.Helper()
	t.Run(reflect.TypeFor[S]().Name(), func(t *testing.T) {
		t.Parallel()
		generator := rapid.MakeCustom[S](generators())
		rapid.Check(t, func(t *rapid.T) {
			in := generator.Draw(t, "value")
			normal(t, reflect.ValueOf(&in).Elem())
			var e encoder
			message := encode(&e, &in)
			if err := e.err(); err != nil {
				t.Fatal(err)
			}
			raw, err := proto.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			back := message.ProtoReflect().New().Interface().(M)
			if err := proto.Unmarshal(raw, back); err != nil {
				t.Fatal(err)
			}
			out := decode(back)
			normal(t, reflect.ValueOf(out).Elem())
			if !reflect.DeepEqual(&in, out) {
				t.Fatalf("in:  %+v\nout: %+v", in, *out)
			}
		})
	})
}

func byValue[S, M any](f func(S) M) func(*encoder, *S) M {
	return func(_ *encoder, s *S) M { return f(*s) }
}

func byPointer[S, M any](f func(M) S) func(M) *S {
	return func(m M) *S { s := f(m); return &s }
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	roundTrip(t, (*encoder).stepRequest, decodeStepRequest)
	roundTrip(t, (*encoder).stepResponse, decodeStepResponse)
	roundTrip(t, (*encoder).description, decodeDescription)
	roundTrip(t, byValue(encodeConfiguration), byPointer(decodeConfiguration))
	roundTrip(t, byValue(encodeProblem), byPointer(decodeProblem))
	roundTrip(t, (*encoder).callbackRequest, decodeCallbackRequest)
	roundTrip(t, (*encoder).deliveryReport, decodeDeliveryReport)
	roundTrip(t, (*encoder).riskRequest, decodeRiskRequest)
	roundTrip(t, (*encoder).callbackResponse, decodeCallbackResponse)
	roundTrip(t, byValue(encodeLegacyRequest), byPointer(decodeLegacyRequest))
	roundTrip(t, (*encoder).legacyResponse, decodeLegacyResponse)
	roundTrip(t, byValue(encodeMessage), byPointer(decodeMessage))
	roundTrip(t, (*encoder).sendResult, decodeSendResult)
	roundTrip(t, (*encoder).assessment, decodeAssessment)
	roundTrip(t, byValue(encodeImportInput), byPointer(decodeImportInput))
	roundTrip(t, byValue(encodeCredential), byPointer(decodeCredential))
}

func TestImportResultRoundTrip(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]ImportResult{
		"change": {Change: CredentialChange{Kind: ChangeCreate, Data: []byte("x"), Version: 2}},
		"error":  {Error: "no hash"},
	} {
		var e encoder
		if out := decodeImportResult(e.importResult(in)); e.err() != nil || !reflect.DeepEqual(in, out) {
			t.Errorf("%s: %+v %v", name, out, e.err())
		}
	}
}

// What cannot be said must fail loudly: dropping a Failure beside a Success would let somebody in.
func TestNotExpressible(t *testing.T) {
	t.Parallel()
	say := &Paragraph{Text: T("x")}
	for name, r := range map[string]*StepResponse{
		"nil":            nil,
		"no outcome":     {},
		"two outcomes":   {Success: &Success{}, Failure: &Failure{Reason: ReasonLocked}},
		"unknown reason": {Failure: &Failure{Reason: "whatever"}},
		"bad number":     {Failure: &Failure{Reason: "#many"}},
		"unknown change": {Success: &Success{}, CredentialChanges: []CredentialChange{{Kind: "upsert"}}},
		"empty node":     Ask(View{Nodes: []Node{{}}}),
		"double node":    Ask(View{Nodes: []Node{{Paragraph: say, Wait: &Wait{}}}}),
		"negative":       Ask(View{Nodes: []Node{Field(TextField{MinLength: -1})}}),
		"unknown style":  Ask(View{Nodes: []Node{{Paragraph: &Paragraph{Style: "loud"}}}}),
	} {
		var e encoder
		e.stepResponse(r)
		if e.err() == nil {
			t.Errorf("%s: encoded", name)
		}
	}
}

// A kind of node from a newer plugin becomes an empty node, never a page without it.
func TestUnknownNodeStaysVisible(t *testing.T) {
	t.Parallel()
	raw, err := proto.Marshal(&pb.Node{})
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, 0xfa, 0x06, 0x00) // field 111, an empty message
	var n pb.Node
	if err := proto.Unmarshal(raw, &n); err != nil {
		t.Fatal(err)
	}
	v := decodeView(&pb.View{Nodes: []*pb.Node{{Kind: &pb.Node_Wait{Wait: &pb.Wait{}}}, &n}})
	if len(v.Nodes) != 2 || v.Nodes[1] != (Node{}) {
		t.Errorf("%+v", v.Nodes)
	}
}

// FuzzStepResponse feeds the host what a hostile plugin could send.
func FuzzStepResponse(f *testing.F) {
	var e encoder
	for _, r := range []*StepResponse{
		Ask(Screen(T("a"), Field(TextField{Name: "n", Kind: FieldOneTimeCode, Label: T("a")}), Submit("go", T("a")))),
		{Success: &Success{Subject: "alice", AMR: []string{"pwd"}}, State: []byte("s")},
		{Failure: &Failure{Reason: ReasonBadCredential, Counts: true, View: &View{}}},
	} {
		raw, err := proto.Marshal(e.stepResponse(r))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	d := &Description{Name: "f", Version: "1", Services: []Service{ServiceAuthenticator}, Texts: map[string]map[string]string{"en": {"a": "A"}},
		Methods: []Method{{ID: "m", Title: "a", Factors: []Factor{FactorKnowledge}, AMR: []string{"pwd"}}}}
	request := &StepRequest{Context: StepContext{MethodID: "m", Subject: &Subject{ID: "alice"}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m pb.StepResponse
		if proto.Unmarshal(raw, &m) != nil {
			return
		}
		r := decodeStepResponse(&m)
		if r.Validate(d, request) != nil {
			return
		}
		var e encoder
		back := decodeStepResponse(e.stepResponse(r))
		if err := e.err(); err != nil {
			t.Fatalf("valid, but not expressible: %v", err)
		}
		if s := back.Success; s != nil && s.Subject != "" && s.Subject != "alice" {
			t.Fatalf("a valid success for %q", s.Subject)
		}
	})
}
