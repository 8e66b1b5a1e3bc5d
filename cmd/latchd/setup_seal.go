package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"latchd/configs"
)

const sealer = "systemd-creds"

// canSeal says whether secrets can be sealed for this machine, by sealing something: it takes root and systemd 250.
func canSeal(ctx context.Context) bool {
	if os.Geteuid() != 0 {
		return false
	}
	_, err := seal(ctx, "latchd-setup", []byte("a trial"))
	return err == nil
}

// seal encrypts a secret with the machine's key, and proves that it can be had back (systemd-creds(1)).
func seal(ctx context.Context, name string, secret []byte) ([]byte, error) {
	sealed, err := creds(ctx, secret, "encrypt", name, "-")
	if err == nil {
		var back []byte
		if back, err = creds(ctx, sealed, "decrypt", name, "-"); err == nil && !bytes.Equal(back, secret) {
			err = errors.New("what was sealed does not come back")
		}
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w (--plain-secrets does without it)", err)
	}
	return sealed, err
}

// unseal reads a sealed secret. It takes root.
func unseal(name, path string) (string, error) {
	secret, err := creds(context.Background(), nil, "decrypt", name, path)
	return string(secret), err
}

func creds(ctx context.Context, in []byte, verb, name, path string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, sealer, verb, "--name="+name, path, "-")
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaint
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, errBrokenOff
		}
		why := strings.TrimSpace(complaint.String())
		return nil, fmt.Errorf("%s %s %s: %w: %s", sealer, verb, name, err, why)
	}
	return out.Bytes(), nil
}

// readable are the places of an installed latchd's secrets for a person who looks after it: sealed ones are opened.
func readable(dir string) configs.Secrets {
	s := configs.SystemSecrets()
	s.Dir = dir
	s.Unseal = func(name, path string) (string, error) {
		secret, err := unseal(name, path)
		switch {
		case err != nil && os.Geteuid() != 0:
			err = fmt.Errorf("%w: only root can open it: run this with sudo", err)
		case err != nil:
			err = fmt.Errorf("%w: run latchd setup and give the secret again", err)
		}
		return secret, err
	}
	return s
}
