// The signatures that every language is held to: go test
package main

import (
	"encoding/json"
	"os"
	"testing"
)

type vectors struct {
	Verify []struct {
		Name, ID, Timestamp, Body, Signature, Verdict string
		Secrets                                       []string
		Now                                           int64
	}
	Secrets []struct {
		Secret string
		Valid  bool
	}
}

func readVectors(t *testing.T) (read vectors) {
	text, err := os.ReadFile("../../../packages/protocol/vectors/standard-webhooks.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Verify) == 0 || len(read.Secrets) == 0 {
		t.Fatal("there are no vectors")
	}
	return read
}

func TestMessages(t *testing.T) {
	for _, one := range readVectors(t).Verify {
		message := Message{one.ID, one.Timestamp, one.Signature, []byte(one.Body)}
		if verdict := verify(one.Secrets, message, one.Now); verdict != one.Verdict {
			t.Errorf("%s: %s, and not %s", one.Name, verdict, one.Verdict)
		}
	}
}

func TestSecrets(t *testing.T) {
	for _, one := range readVectors(t).Secrets {
		if _, err := keyOf(one.Secret); (err == nil) != one.Valid {
			t.Errorf("%q: %v", one.Secret, err)
		}
	}
}
