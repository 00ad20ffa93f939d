package host

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// go-plugin's own services, beside the contract's. Its generated code is internal to it, so the two calls are made by
// name.
const (
	stdioStream  = "/plugin.GRPCStdio/StreamStdio"
	shutdownCall = "/plugin.GRPCController/Shutdown"
)

// readStdio reads what the plugin prints after the handshake: go-plugin redirects it into a stream, and without a reader
// the plugin would stop at its first few prints. A plugin that does not offer the stream is left alone.
func readStdio(ctx context.Context, conn *grpc.ClientConn, to *logs) {
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, stdioStream)
	if err != nil {
		return
	}
	if stream.SendMsg(&emptypb.Empty{}) != nil || stream.CloseSend() != nil {
		return
	}
	r, w := io.Pipe()
	defer w.Close()
	go to.copy("stdout", r)
	for {
		var m emptypb.Empty
		if stream.RecvMsg(&m) != nil {
			return
		}
		if _, err := w.Write(stdioData(m.ProtoReflect().GetUnknown())); err != nil {
			return
		}
	}
}

// stdioData finds the bytes in a plugin.StdioData message: field 2 (field 1 says which stream it was).
func stdioData(raw []byte) []byte {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return nil
		}
		raw = raw[n:]
		if number == 2 && kind == protowire.BytesType {
			data, n := protowire.ConsumeBytes(raw)
			if n < 0 {
				return nil
			}
			return data
		}
		if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
			return nil
		}
		raw = raw[n:]
	}
	return nil
}
