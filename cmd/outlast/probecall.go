package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"outlast/internal/doctor"
	"outlast/internal/dynalist"
)

// probeLimit bounds one answer: a scratch document is small.
const probeLimit = 8 << 20

// probeCall returns how a probe asks the service. It goes beside the client, which
// would hide what the probe is to see.
func (s setup) probeCall(ctx context.Context, tokenFile string) (doctor.Call, error) {
	sources, err := s.tokens(tokenFile)
	if err != nil {
		return nil, err
	}
	token, _, err := sources.Find(ctx)
	if err != nil {
		return nil, err
	}
	way, err := dynalist.Transport(s.settings.Server)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, endpoint string, request map[string]any) (json.RawMessage, error) {
		request["token"] = token.Reveal()
		body, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.settings.Server+endpoint, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := way.RoundTrip(req)
		if err != nil {
			return nil, errors.New(token.Redact(fmt.Sprintf("ask %s: %v", endpoint, err)))
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("ask %s: HTTP %d", endpoint, resp.StatusCode)
		}
		answer, err := io.ReadAll(io.LimitReader(resp.Body, probeLimit))
		if err != nil {
			return nil, fmt.Errorf("ask %s: %w", endpoint, err)
		}
		if !json.Valid(answer) {
			return nil, fmt.Errorf("ask %s: the answer is no JSON; is this the service, or a page in between?", endpoint)
		}
		return answer, nil
	}, nil
}
