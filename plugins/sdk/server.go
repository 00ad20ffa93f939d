package sdk

import (
	"context"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

// NewServer returns a gRPC server with every service that p implements. [Serve] uses it; a test may serve it on any
// listener.
func NewServer(p Plugin, options ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append([]grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.ChainUnaryInterceptor(recoverPanic),
	}, options...)...)
	lifecycle := &lifecycleServer{plugin: p}
	offer := func(name Service) { lifecycle.services = append(lifecycle.services, name) }
	if impl, ok := p.(Authenticator); ok {
		offer(ServiceAuthenticator)
		pb.RegisterAuthenticatorServer(s, &authenticatorServer{plugin: impl})
	}
	if impl, ok := p.(Enrollment); ok {
		offer(ServiceEnrollment)
		pb.RegisterEnrollmentServer(s, &enrollmentServer{plugin: impl})
	}
	if impl, ok := p.(Callbacks); ok {
		offer(ServiceCallbacks)
		pb.RegisterCallbacksServer(s, &callbacksServer{plugin: impl})
	}
	if impl, ok := p.(LegacySource); ok {
		offer(ServiceLegacySource)
		pb.RegisterLegacySourceServer(s, &legacyServer{plugin: impl})
	}
	if impl, ok := p.(DeliveryChannel); ok {
		offer(ServiceDeliveryChannel)
		pb.RegisterDeliveryChannelServer(s, &deliveryServer{plugin: impl})
	}
	if impl, ok := p.(RiskSource); ok {
		offer(ServiceRiskSource)
		pb.RegisterRiskSourceServer(s, &riskServer{plugin: impl})
	}
	if impl, ok := p.(KeyService); ok {
		offer(ServiceKeyService)
		pb.RegisterKeyServiceServer(s, &keyServer{plugin: impl})
	}
	pb.RegisterPluginLifecycleServer(s, lifecycle)
	return s
}

// recoverPanic turns a panic into an INTERNAL status. Without it one crafted input could end the process again and
// again, and with it the logins of everybody else.
func recoverPanic(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if v := recover(); v != nil {
			slog.ErrorContext(ctx, "plugin panicked", "method", info.FullMethod, "panic", v, "stack", string(debug.Stack()))
			err = status.Error(codes.Internal, "the plugin panicked")
		}
	}()
	return next(ctx, req)
}

// finish hands a message over unless something in it could not be said.
func finish[M any](e *encoder, m *M) (*M, error) {
	if err := e.err(); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return m, nil
}

type lifecycleServer struct {
	pb.UnimplementedPluginLifecycleServer
	plugin   Plugin
	services []Service
}

func (s *lifecycleServer) Describe(ctx context.Context, _ *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	d, err := s.plugin.Describe(ctx)
	if err != nil {
		return nil, err
	}
	var e encoder
	m := &pb.DescribeResponse{Description: e.description(d)}
	if d != nil {
		m.Description.Services = list(s.services, func(v Service) pb.Service { return enumService.encode(&e, v) })
	}
	return finish(&e, m)
}

func (s *lifecycleServer) ValidateConfig(ctx context.Context, m *pb.ValidateConfigRequest) (*pb.ValidateConfigResponse, error) {
	problems, err := s.plugin.ValidateConfig(ctx, decodeConfiguration(m.GetConfiguration()))
	if err != nil {
		return nil, err
	}
	return &pb.ValidateConfigResponse{Problems: list(problems, encodeProblem)}, nil
}

func (s *lifecycleServer) Configure(ctx context.Context, m *pb.ConfigureRequest) (*pb.ConfigureResponse, error) {
	return &pb.ConfigureResponse{}, s.plugin.Configure(ctx, decodeConfiguration(m.GetConfiguration()))
}

func (s *lifecycleServer) Remove(ctx context.Context, m *pb.RemoveRequest) (*pb.RemoveResponse, error) {
	return &pb.RemoveResponse{}, s.plugin.Remove(ctx, m.GetInstanceId())
}

func (s *lifecycleServer) Check(ctx context.Context, m *pb.CheckRequest) (*pb.CheckResponse, error) {
	h, err := s.plugin.Check(ctx, m.GetInstanceId())
	if err != nil {
		return nil, err
	}
	return &pb.CheckResponse{Ok: h.OK, Message: h.Message}, nil
}

// step runs one step: the same shape for the four calls that have one.
func step(ctx context.Context, m *pb.StepRequest, run func(context.Context, *StepRequest) (*StepResponse, error)) (*pb.StepResponse, error) {
	r, err := run(ctx, decodeStepRequest(m))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, e.stepResponse(r))
}

type authenticatorServer struct {
	pb.UnimplementedAuthenticatorServer
	plugin Authenticator
}

func (s *authenticatorServer) Begin(ctx context.Context, m *pb.StepRequest) (*pb.StepResponse, error) {
	return step(ctx, m, s.plugin.Begin)
}

func (s *authenticatorServer) Continue(ctx context.Context, m *pb.StepRequest) (*pb.StepResponse, error) {
	return step(ctx, m, s.plugin.Continue)
}

func (s *authenticatorServer) Cancel(ctx context.Context, m *pb.StepRequest) (*pb.CancelResponse, error) {
	return &pb.CancelResponse{}, s.plugin.Cancel(ctx, decodeStepRequest(m))
}

type enrollmentServer struct {
	pb.UnimplementedEnrollmentServer
	plugin Enrollment
}

func (s *enrollmentServer) BeginEnroll(ctx context.Context, m *pb.StepRequest) (*pb.StepResponse, error) {
	return step(ctx, m, s.plugin.BeginEnroll)
}

func (s *enrollmentServer) ContinueEnroll(ctx context.Context, m *pb.StepRequest) (*pb.StepResponse, error) {
	return step(ctx, m, s.plugin.ContinueEnroll)
}

func (s *enrollmentServer) Revoke(ctx context.Context, m *pb.RevokeRequest) (*pb.RevokeResponse, error) {
	return &pb.RevokeResponse{}, s.plugin.Revoke(ctx, m.GetInstanceId(), decodeCredential(m.GetCredential()))
}

func (s *enrollmentServer) ImportCredentials(ctx context.Context, m *pb.ImportCredentialsRequest) (*pb.ImportCredentialsResponse, error) {
	results, err := s.plugin.ImportCredentials(ctx, m.GetInstanceId(), list(m.GetInputs(), decodeImportInput))
	if err != nil {
		return nil, err
	}
	var e encoder
	return finish(&e, &pb.ImportCredentialsResponse{Results: list(results, e.importResult)})
}
