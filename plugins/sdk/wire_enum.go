package sdk

import (
	"fmt"
	"strconv"
	"strings"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

// enum maps a closed vocabulary of this package to its protobuf enumeration. The empty string is value 0. A number
// that this version does not know becomes "#number" and goes back as that number, so nothing is lost between a newer
// and an older side.
type enum[S ~string, E ~int32] struct {
	what string
	to   map[S]E
	from map[E]S
}

func newEnum[S ~string, E ~int32](what, separator string, names map[int32]string) enum[S, E] {
	prefix := strings.ToUpper(strings.ReplaceAll(what, " ", "_")) + "_"
	m := enum[S, E]{what: what, to: make(map[S]E, len(names)), from: make(map[E]S, len(names))}
	for number, name := range names {
		var s S
		if number != 0 {
			s = S(strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix)), "_", separator))
		}
		m.to[s], m.from[E(number)] = E(number), s
	}
	return m
}

func (m *enum[S, E]) encode(e *encoder, s S) E {
	if v, ok := m.to[s]; ok {
		return v
	}
	if rest, ok := strings.CutPrefix(string(s), "#"); ok {
		if n, err := strconv.ParseInt(rest, 10, 32); err == nil {
			return E(n)
		}
	}
	e.fail("%s %q is not in the contract", m.what, s)
	return 0
}

func (m *enum[S, E]) decode(v E) S {
	if s, ok := m.from[v]; ok {
		return s
	}
	return S(fmt.Sprintf("#%d", v))
}

var (
	enumService    = newEnum[Service, pb.Service]("service", "_", pb.Service_name)
	enumFactor     = newEnum[Factor, pb.Factor]("factor", "_", pb.Factor_name)
	enumIntent     = newEnum[Intent, pb.Intent]("intent", "_", pb.Intent_name)
	enumReason     = newEnum[Reason, pb.Reason]("reason", "_", pb.Reason_name)
	enumChangeKind = newEnum[ChangeKind, pb.ChangeKind]("change kind", "_", pb.ChangeKind_name)
	enumFieldKind  = newEnum[FieldKind, pb.FieldKind]("field kind", "-", pb.FieldKind_name)
	enumStyle      = newEnum[Style, pb.Style]("style", "_", pb.Style_name)
	enumLegacy     = newEnum[LegacyResult, pb.LegacyResult]("legacy result", "_", pb.LegacyResult_name)
	enumDelivery   = newEnum[DeliveryStatus, pb.DeliveryStatus]("delivery status", "_", pb.DeliveryStatus_name)
	enumOperation  = newEnum[Operation, pb.Operation]("operation", "_", pb.Operation_name)
	enumVerdict    = newEnum[RiskVerdict, pb.RiskVerdict]("risk verdict", "_", pb.RiskVerdict_name)
)
