package sdk

import (
	"context"

	"google.golang.org/grpc"

	pb "github.com/varco-id/varco/plugins/sdk/varcopb"
)

// HandleCallback calls the plugin.
func (c *Client) HandleCallback(ctx context.Context, r *CallbackRequest) (*CallbackResponse, error) {
	var e encoder
	in := e.callbackRequest(r)
	if err := e.err(); err != nil {
		return nil, err
	}
	m, err := c.callbacks.HandleCallback(ctx, in)
	if err != nil {
		return nil, err
	}
	return decodeCallbackResponse(m), nil
}

// HandleDelivery calls the plugin.
func (c *Client) HandleDelivery(ctx context.Context, r *DeliveryReport) (*CallbackResponse, error) {
	var e encoder
	in := e.deliveryReport(r)
	if err := e.err(); err != nil {
		return nil, err
	}
	m, err := c.callbacks.HandleDelivery(ctx, in)
	if err != nil {
		return nil, err
	}
	return decodeCallbackResponse(m), nil
}

type legacyCall func(context.Context, *pb.LegacyRequest, ...grpc.CallOption) (*pb.LegacyResponse, error)

func callLegacy(ctx context.Context, r LegacyRequest, call legacyCall) (*LegacyResponse, error) {
	m, err := call(ctx, encodeLegacyRequest(r))
	if err != nil {
		return nil, err
	}
	return decodeLegacyResponse(m), nil
}

// Lookup calls the plugin.
func (c *Client) Lookup(ctx context.Context, r LegacyRequest) (*LegacyResponse, error) {
	return callLegacy(ctx, r, c.legacy.Lookup)
}

// Verify calls the plugin.
func (c *Client) Verify(ctx context.Context, r LegacyRequest) (*LegacyResponse, error) {
	return callLegacy(ctx, r, c.legacy.Verify)
}

// MarkMigrated calls the plugin.
func (c *Client) MarkMigrated(ctx context.Context, r LegacyRequest) (*LegacyResponse, error) {
	return callLegacy(ctx, r, c.legacy.MarkMigrated)
}

// Restore calls the plugin.
func (c *Client) Restore(ctx context.Context, r LegacyRequest) (*LegacyResponse, error) {
	return callLegacy(ctx, r, c.legacy.Restore)
}

// Send calls the plugin.
func (c *Client) Send(ctx context.Context, message Message) (*SendResult, error) {
	m, err := c.delivery.Send(ctx, encodeMessage(message))
	if err != nil {
		return nil, err
	}
	return decodeSendResult(m), nil
}

// Assess calls the plugin.
func (c *Client) Assess(ctx context.Context, r *RiskRequest) (*RiskAssessment, error) {
	var e encoder
	in := e.riskRequest(r)
	if err := e.err(); err != nil {
		return nil, err
	}
	m, err := c.risk.Assess(ctx, in)
	if err != nil {
		return nil, err
	}
	return decodeAssessment(m), nil
}

// Wrap calls the plugin.
func (c *Client) Wrap(ctx context.Context, instanceID, keyID string, plaintext, associatedData []byte) ([]byte, error) {
	m, err := c.keys.Wrap(ctx, &pb.WrapRequest{InstanceId: instanceID, KeyId: keyID, Plaintext: plaintext,
		AssociatedData: associatedData})
	return m.GetCiphertext(), err
}

// Unwrap calls the plugin.
func (c *Client) Unwrap(ctx context.Context, instanceID, keyID string, ciphertext, associatedData []byte) ([]byte, error) {
	m, err := c.keys.Unwrap(ctx, &pb.UnwrapRequest{InstanceId: instanceID, KeyId: keyID, Ciphertext: ciphertext,
		AssociatedData: associatedData})
	return m.GetPlaintext(), err
}

// Sign calls the plugin.
func (c *Client) Sign(ctx context.Context, instanceID, keyID string, digest []byte) ([]byte, error) {
	m, err := c.keys.Sign(ctx, &pb.SignRequest{InstanceId: instanceID, KeyId: keyID, Digest: digest})
	return m.GetSignature(), err
}
