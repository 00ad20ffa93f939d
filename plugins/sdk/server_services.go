package sdk

import (
	"context"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

type callbacksServer struct {
	pb.UnimplementedCallbacksServer
	plugin Callbacks
}

func (s *callbacksServer) HandleCallback(ctx context.Context, m *pb.HandleCallbackRequest) (*pb.HandleCallbackResponse, error) {
	r, err := s.plugin.HandleCallback(ctx, decodeCallbackRequest(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.callbackResponse(r))
}

func (s *callbacksServer) HandleDelivery(ctx context.Context, m *pb.HandleDeliveryRequest) (*pb.HandleCallbackResponse, error) {
	r, err := s.plugin.HandleDelivery(ctx, decodeDeliveryReport(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.callbackResponse(r))
}

type legacyServer struct {
	pb.UnimplementedLegacySourceServer
	plugin LegacySource
}

func legacy(ctx context.Context, m *pb.LegacyRequest, run func(context.Context, LegacyRequest) (*LegacyResponse, error)) (*pb.LegacyResponse, error) {
	r, err := run(ctx, decodeLegacyRequest(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.legacyResponse(r))
}

func (s *legacyServer) Lookup(ctx context.Context, m *pb.LegacyRequest) (*pb.LegacyResponse, error) {
	return legacy(ctx, m, s.plugin.Lookup)
}

func (s *legacyServer) Verify(ctx context.Context, m *pb.LegacyRequest) (*pb.LegacyResponse, error) {
	return legacy(ctx, m, s.plugin.Verify)
}

func (s *legacyServer) MarkMigrated(ctx context.Context, m *pb.LegacyRequest) (*pb.LegacyResponse, error) {
	return legacy(ctx, m, s.plugin.MarkMigrated)
}

func (s *legacyServer) Restore(ctx context.Context, m *pb.LegacyRequest) (*pb.LegacyResponse, error) {
	return legacy(ctx, m, s.plugin.Restore)
}

type deliveryServer struct {
	pb.UnimplementedDeliveryChannelServer
	plugin DeliveryChannel
}

func (s *deliveryServer) Send(ctx context.Context, m *pb.SendRequest) (*pb.SendResponse, error) {
	r, err := s.plugin.Send(ctx, decodeMessage(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.sendResult(r))
}

type riskServer struct {
	pb.UnimplementedRiskSourceServer
	plugin RiskSource
}

func (s *riskServer) Assess(ctx context.Context, m *pb.AssessRequest) (*pb.AssessResponse, error) {
	a, err := s.plugin.Assess(ctx, decodeRiskRequest(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.assessment(a))
}

type keyServer struct {
	pb.UnimplementedKeyServiceServer
	plugin KeyService
}

func (s *keyServer) Wrap(ctx context.Context, m *pb.WrapRequest) (*pb.WrapResponse, error) {
	out, err := s.plugin.Wrap(ctx, m.GetInstanceId(), m.GetKeyId(), m.GetPlaintext(), m.GetAssociatedData())
	if err != nil {
		return nil, err
	}
	return &pb.WrapResponse{Ciphertext: out}, nil
}

func (s *keyServer) Unwrap(ctx context.Context, m *pb.UnwrapRequest) (*pb.UnwrapResponse, error) {
	out, err := s.plugin.Unwrap(ctx, m.GetInstanceId(), m.GetKeyId(), m.GetCiphertext(), m.GetAssociatedData())
	if err != nil {
		return nil, err
	}
	return &pb.UnwrapResponse{Plaintext: out}, nil
}

func (s *keyServer) Sign(ctx context.Context, m *pb.SignRequest) (*pb.SignResponse, error) {
	out, err := s.plugin.Sign(ctx, m.GetInstanceId(), m.GetKeyId(), m.GetDigest())
	if err != nil {
		return nil, err
	}
	return &pb.SignResponse{Signature: out}, nil
}
