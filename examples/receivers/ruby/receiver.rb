# frozen_string_literal: true

# A receiver of webhooks with Ruby (3.0 or newer) and the gem webrick: ruby receiver.rb
#
# It believes only what is signed, keeps what it takes on disk before it answers, and does the work afterwards.

require "fileutils"
require "json"
require "openssl"
require "webrick"

# What this app handles. Anything else is declined: no catch-all.
KNOWN_TYPES = %w[ping issue.opened issue.closed].freeze
TOLERANCE_S = 300
BODY_BYTES_MAX = 1024 * 1024

SECRETS = ENV.fetch("SECRETS", "secrets.json")
INBOX = ENV.fetch("INBOX", "inbox")
PORT = ENV.fetch("PORT", "9000")

# "valid", or why not. `secrets`: all that are live, so that a rotation loses nothing.
# `body`: the bytes as they came. Parsed and written again they would be others.
def verify(secrets, id:, timestamp:, signature:, body:, now_s:)
  return "header-missing" if [id, timestamp, signature].any? { |header| header.nil? || header.empty? }
  return "timestamp-malformed" unless timestamp.match?(/\A[0-9]{1,12}\z/)
  return "timestamp-too-old" if now_s - timestamp.to_i > TOLERANCE_S
  return "timestamp-too-new" if timestamp.to_i - now_s > TOLERANCE_S

  signed = "#{id}.#{timestamp}.".b + body.b
  expected = secrets.map { |secret| "v1,#{signature_of(secret, signed)}" }
  given = signature.split(" ", 17).first(16)
  # Every signature is compared, each in a time that tells nothing of it.
  matches = given.product(expected).map { |one, other| same?(one, other) }
  matches.any? ? "valid" : "signature-mismatch"
end

def signature_of(secret, signed)
  [OpenSSL::HMAC.digest("SHA256", key_of(secret), signed)].pack("m0")
end

def same?(one, other)
  one.bytesize == other.bytesize && OpenSSL.fixed_length_secure_compare(one, other)
end

# The key in `whsec_` and base64 of 24 to 64 bytes.
def key_of(secret)
  raise ArgumentError, "That is no secret of a webhook." unless secret.start_with?("whsec_")

  key = secret.delete_prefix("whsec_").unpack1("m0")
  raise ArgumentError, "That is no secret of a webhook." unless (24..64).cover?(key.bytesize)

  key
end

# The status and what to answer with.
def receive(request, body)
  # { "hook": ["whsec_…"], "users": { "ada": ["whsec_…"] } }; read anew, so that a rotation needs no restart.
  secrets = JSON.parse(File.read(SECRETS))
  # The header only chooses the secret: until that fits it is a stranger's word.
  user = request["TruLinks-User"]
  own = secrets.fetch("users", {})[user]
  id = request["webhook-id"]
  headers = { id: id, timestamp: request["webhook-timestamp"], signature: request["webhook-signature"] }
  verdict = verify(own || secrets["hook"], **headers, body: body, now_s: Time.now.to_i)
  return [401, { error: verdict }] unless verdict == "valid"

  envelope = JSON.parse(body)
  type = envelope["type"]
  # Signed by one user's secret it may speak of that user alone: one that leaked harms nobody else.
  return [401, { error: "another user's" }] if own && envelope["user"] != user
  return [422, { error: "no use for #{type}" }] unless KNOWN_TYPES.include?(type)
  return [200, answer_to(envelope, secrets["hook"].first)] if type == "ping"

  # The example of a type, sent by hand: there is nothing to do.
  return [200, {}] if envelope["test"]

  keep(envelope, id, body)
  [202, {}]
end

# A platform may ask for more than 2xx before it sends anything: that the secret is known here.
def answer_to(envelope, secret)
  challenge = envelope["data"]["challenge"]
  challenge ? { challenge: signature_of(secret, challenge) } : {}
end

# On disk once it returns. The name is the same on every retry, so what comes twice is kept once.
def keep(envelope, id, body)
  name = format("%<hook>s.%<sequence>012d.%<id>s.json", hook: envelope["hook"], sequence: envelope["sequence"] || 0, id: id)
  raise ArgumentError, "The id #{id} is no name for a file." unless name.match?(/\A[\w.-]+\z/)
  return if File.exist?("#{INBOX}/#{name}") || File.exist?("#{INBOX}/done/#{name}")

  part = "#{INBOX}/#{name}.#{Thread.current.object_id}.part"
  File.open(part, "wb") do |file|
    file.write(body)
    file.fsync
  end
  File.rename(part, "#{INBOX}/#{name}")
end

# The work itself, after the answer and in the order of the numbers.
def work
  Dir.glob("*.json", base: INBOX).sort.each do |name|
    envelope = JSON.parse(File.read("#{INBOX}/#{name}"))
    puts [envelope["type"], envelope["sequence"] || "-", JSON.generate(envelope["data"])].join(" ")
    File.rename("#{INBOX}/#{name}", "#{INBOX}/done/#{name}")
  end
end

def work_for_ever
  loop do
    work
  rescue StandardError => e
    warn e.full_message # What could not be done is tried again.
  ensure
    sleep 0.2
  end
end

def serve(request, response)
  return response.status = 413 if request["Content-Length"].to_i > BODY_BYTES_MAX

  response.status, answer = receive(request, request.body.to_s)
  response["Content-Type"] = "application/json"
  response.body = JSON.generate(answer)
rescue StandardError => e
  # Whatever goes wrong here is ours: 503 asks for the same once more.
  warn e.full_message
  response.status = 503
  response["Retry-After"] = "5"
end

if $PROGRAM_NAME == __FILE__
  $stdout.sync = true
  FileUtils.mkdir_p("#{INBOX}/done")
  Thread.new { work_for_ever }
  quiet = WEBrick::Log.new($stderr, WEBrick::Log::WARN)
  server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: PORT, Logger: quiet, AccessLog: [])
  server.mount_proc("/") { |request, response| serve(request, response) }
  %w[INT TERM].each { |signal| trap(signal) { server.shutdown } }
  puts "listening on #{PORT}"
  server.start
end
