// A receiver of webhooks with nothing but Go's standard library (1.21 or newer): go run .
//
// It believes only what is signed, keeps what it takes on disk before it answers, and does the work afterwards.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// What this app handles. Anything else is declined: no catch-all.
var knownTypes = map[string]bool{"ping": true, "issue.opened": true, "issue.closed": true}

const (
	toleranceS   = 300
	bodyBytesMax = 1024 * 1024
)

// Message is what was received. Body: the bytes as they came; parsed and written again they would be others.
type Message struct {
	ID, Timestamp, Signature string
	Body                     []byte
}

var digits = regexp.MustCompile(`^[0-9]{1,12}$`)

// verify says "valid", or why not. secrets: all that are live, so that a rotation loses nothing.
func verify(secrets []string, message Message, nowS int64) string {
	if message.ID == "" || message.Timestamp == "" || message.Signature == "" {
		return "header-missing"
	}
	if !digits.MatchString(message.Timestamp) {
		return "timestamp-malformed"
	}
	sentS, _ := strconv.ParseInt(message.Timestamp, 10, 64)
	if nowS-sentS > toleranceS {
		return "timestamp-too-old"
	}
	if sentS-nowS > toleranceS {
		return "timestamp-too-new"
	}
	isValid := false
	for _, secret := range secrets {
		key, err := keyOf(secret)
		if err != nil {
			continue
		}
		expected := "v1," + sign(key, message.ID+"."+message.Timestamp+".", message.Body)
		// Every signature is compared, each in a time that tells nothing of it.
		for n, given := range strings.Split(message.Signature, " ") {
			if n < 16 && hmac.Equal([]byte(given), []byte(expected)) {
				isValid = true
			}
		}
	}
	if !isValid {
		return "signature-mismatch"
	}
	return "valid"
}

func sign(key []byte, before string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(before))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// keyOf gives the key in "whsec_" and base64 of 24 to 64 bytes.
func keyOf(secret string) ([]byte, error) {
	text, found := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("that is no secret of a webhook")
	}
	return key, nil
}

// Secrets: { "hook": ["whsec_…"], "users": { "ada": ["whsec_…"] } }.
type Secrets struct {
	Hook  []string            `json:"hook"`
	Users map[string][]string `json:"users"`
}

// Envelope is the signed body.
type Envelope struct {
	Type     string          `json:"type"`
	Hook     string          `json:"hook"`
	Sequence int64           `json:"sequence"`
	User     string          `json:"user"`
	Test     bool            `json:"test"`
	Data     json.RawMessage `json:"data"`
}

type answer struct {
	status int
	body   map[string]string
}

func receive(header http.Header, body []byte) (answer, error) {
	var secrets Secrets
	// Read anew each time, so that a rotation needs no restart.
	if text, err := os.ReadFile(place("SECRETS", "secrets.json")); err != nil {
		return answer{}, err
	} else if err := json.Unmarshal(text, &secrets); err != nil {
		return answer{}, err
	}
	if len(secrets.Hook) == 0 {
		return answer{}, errors.New("there is no secret of the hook")
	}
	// The header only chooses the secret: until that fits it is a stranger's word.
	user := header.Get("TruLinks-User")
	live, isOfUser := secrets.Users[user]
	if !isOfUser {
		live = secrets.Hook
	}
	message := Message{header.Get("webhook-id"), header.Get("webhook-timestamp"), header.Get("webhook-signature"), body}
	if verdict := verify(live, message, time.Now().Unix()); verdict != "valid" {
		return answer{401, map[string]string{"error": verdict}}, nil
	}

	var envelope Envelope
	if err := json.Unmarshal(body, &envelope); err != nil {
		return answer{}, err
	}
	// Signed by one user's secret it may speak of that user alone: one that leaked harms nobody else.
	if isOfUser && envelope.User != user {
		return answer{401, map[string]string{"error": "another user's"}}, nil
	}
	if !knownTypes[envelope.Type] {
		return answer{422, map[string]string{"error": "no use for " + envelope.Type}}, nil
	}
	if envelope.Type == "ping" {
		return answer{200, answerTo(envelope, secrets.Hook)}, nil
	}
	if envelope.Test { // The example of a type, sent by hand: there is nothing to do.
		return answer{200, map[string]string{}}, nil
	}
	return answer{202, map[string]string{}}, keep(envelope, message.ID, body)
}

// answerTo: a platform may ask for more than 2xx before it sends anything: that the secret is known here.
func answerTo(envelope Envelope, secrets []string) map[string]string {
	var asked struct{ Challenge string }
	if json.Unmarshal(envelope.Data, &asked) != nil || asked.Challenge == "" || len(secrets) == 0 {
		return map[string]string{}
	}
	key, _ := keyOf(secrets[0])
	return map[string]string{"challenge": sign(key, asked.Challenge, nil)}
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// keep has it on disk once it returns. The name is the same on every retry, so what comes twice is kept once.
func keep(envelope Envelope, id string, body []byte) error {
	name := fmt.Sprintf("%s.%012d.%s.json", envelope.Hook, envelope.Sequence, id)
	if !fileName.MatchString(name) {
		return fmt.Errorf("the id %q is no name for a file", id)
	}
	inbox := place("INBOX", "inbox")
	for _, kept := range []string{filepath.Join(inbox, name), filepath.Join(inbox, "done", name)} {
		if _, err := os.Stat(kept); err == nil {
			return nil
		}
	}
	part, err := os.CreateTemp(inbox, "*.part")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	if _, err := part.Write(body); err != nil {
		return err
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return err
	}
	return os.Rename(part.Name(), filepath.Join(inbox, name))
}

// work does the work itself, after the answer and in the order of the numbers.
func work() error {
	inbox := place("INBOX", "inbox")
	paths, _ := filepath.Glob(filepath.Join(inbox, "*.json"))
	sort.Strings(paths)
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var envelope Envelope
		if err := json.Unmarshal(body, &envelope); err != nil {
			return err
		}
		fmt.Println(envelope.Type, envelope.Sequence, string(envelope.Data))
		if err := os.Rename(path, filepath.Join(inbox, "done", filepath.Base(path))); err != nil {
			return err
		}
	}
	return nil
}

func serve(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(response, request.Body, bodyBytesMax))
	if err != nil {
		http.Error(response, "", http.StatusRequestEntityTooLarge)
		return
	}
	answered, err := receive(request.Header, body)
	if err != nil {
		// Whatever goes wrong here is ours: 503 asks for the same once more.
		log.Print(err)
		response.Header().Set("Retry-After", "5")
		http.Error(response, "", http.StatusServiceUnavailable)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(answered.status)
	json.NewEncoder(response).Encode(answered.body)
}

func place(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

func main() {
	if err := os.MkdirAll(filepath.Join(place("INBOX", "inbox"), "done"), 0o700); err != nil {
		log.Fatal(err)
	}
	go func() {
		for range time.Tick(200 * time.Millisecond) {
			if err := work(); err != nil {
				log.Print(err)
			}
		}
	}()
	port := place("PORT", "9000")
	server := http.Server{Addr: "127.0.0.1:" + port, Handler: http.HandlerFunc(serve), ReadTimeout: 10 * time.Second}
	fmt.Println("listening on", port)
	log.Fatal(server.ListenAndServe())
}
