package sdk

import (
	"context"

	"google.golang.org/grpc"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

// Client is the host's side of the contract: a running plugin behind a connection, with the same methods a plugin has.
// Errors of the plugin are gRPC status errors. A plugin author does not need it.
type Client struct {
	lifecycle     pb.PluginLifecycleClient
	authenticator pb.AuthenticatorClient
	enrollment    pb.EnrollmentClient
	callbacks     pb.CallbacksClient
	legacy        pb.LegacySourceClient
	delivery      pb.DeliveryChannelClient
	risk          pb.RiskSourceClient
	keys          pb.KeyServiceClient
}

var (
	_ Plugin          = (*Client)(nil)
	_ Authenticator   = (*Client)(nil)
	_ Enrollment      = (*Client)(nil)
	_ Callbacks       = (*Client)(nil)
	_ LegacySource    = (*Client)(nil)
	_ DeliveryChannel = (*Client)(nil)
	_ RiskSource      = (*Client)(nil)
	_ KeyService      = (*Client)(nil)
)

// NewClient returns a client on conn.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{
		lifecycle:     pb.NewPluginLifecycleClient(conn),
		authenticator: pb.NewAuthenticatorClient(conn),
		enrollment:    pb.NewEnrollmentClient(conn),
		callbacks:     pb.NewCallbacksClient(conn),
		legacy:        pb.NewLegacySourceClient(conn),
		delivery:      pb.NewDeliveryChannelClient(conn),
		risk:          pb.NewRiskSourceClient(conn),
		keys:          pb.NewKeyServiceClient(conn),
	}
}

// Describe calls the plugin.
func (c *Client) Describe(ctx context.Context) (*Description, error) {
	m, err := c.lifecycle.Describe(ctx, &pb.DescribeRequest{})
	if err != nil {
		return nil, err
	}
	return decodeDescription(m.GetDescription()), nil
}

// ValidateConfig calls the plugin.
func (c *Client) ValidateConfig(ctx context.Context, cfg Configuration) ([]Problem, error) {
	m, err := c.lifecycle.ValidateConfig(ctx, &pb.ValidateConfigRequest{Configuration: encodeConfiguration(cfg)})
	if err != nil {
		return nil, err
	}
	return list(m.GetProblems(), decodeProblem), nil
}

// Configure calls the plugin.
func (c *Client) Configure(ctx context.Context, cfg Configuration) error {
	_, err := c.lifecycle.Configure(ctx, &pb.ConfigureRequest{Configuration: encodeConfiguration(cfg)})
	return err
}

// Remove calls the plugin.
func (c *Client) Remove(ctx context.Context, instanceID string) error {
	_, err := c.lifecycle.Remove(ctx, &pb.RemoveRequest{InstanceId: instanceID})
	return err
}

// Check calls the plugin.
func (c *Client) Check(ctx context.Context, instanceID string) (Health, error) {
	m, err := c.lifecycle.Check(ctx, &pb.CheckRequest{InstanceId: instanceID})
	if err != nil {
		return Health{}, err
	}
	return Health{OK: m.GetOk(), Message: m.GetMessage()}, nil
}

type stepCall func(context.Context, *pb.StepRequest, ...grpc.CallOption) (*pb.StepResponse, error)

func callStep(ctx context.Context, r *StepRequest, call stepCall) (*StepResponse, error) {
	var e encoder
	in := e.stepRequest(r)
	if err := e.err(); err != nil {
		return nil, err
	}
	out, err := call(ctx, in)
	if err != nil {
		return nil, err
	}
	return decodeStepResponse(out), nil
}

// Begin calls the plugin.
func (c *Client) Begin(ctx context.Context, r *StepRequest) (*StepResponse, error) {
	return callStep(ctx, r, c.authenticator.Begin)
}

// Continue calls the plugin.
func (c *Client) Continue(ctx context.Context, r *StepRequest) (*StepResponse, error) {
	return callStep(ctx, r, c.authenticator.Continue)
}

// Cancel calls the plugin.
func (c *Client) Cancel(ctx context.Context, r *StepRequest) error {
	var e encoder
	in := e.stepRequest(r)
	if err := e.err(); err != nil {
		return err
	}
	_, err := c.authenticator.Cancel(ctx, in)
	return err
}

// BeginEnroll calls the plugin.
func (c *Client) BeginEnroll(ctx context.Context, r *StepRequest) (*StepResponse, error) {
	return callStep(ctx, r, c.enrollment.BeginEnroll)
}

// ContinueEnroll calls the plugin.
func (c *Client) ContinueEnroll(ctx context.Context, r *StepRequest) (*StepResponse, error) {
	return callStep(ctx, r, c.enrollment.ContinueEnroll)
}

// Revoke calls the plugin.
func (c *Client) Revoke(ctx context.Context, instanceID string, credential Credential) error {
	_, err := c.enrollment.Revoke(ctx, &pb.RevokeRequest{InstanceId: instanceID, Credential: encodeCredential(credential)})
	return err
}

// ImportCredentials calls the plugin.
func (c *Client) ImportCredentials(ctx context.Context, instanceID string, inputs []ImportInput) ([]ImportResult, error) {
	m, err := c.enrollment.ImportCredentials(ctx, &pb.ImportCredentialsRequest{InstanceId: instanceID,
		Inputs: list(inputs, encodeImportInput)})
	if err != nil {
		return nil, err
	}
	return list(m.GetResults(), decodeImportResult), nil
}
