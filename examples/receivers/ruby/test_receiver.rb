# frozen_string_literal: true

# The signatures that every language is held to: ruby test_receiver.rb

require_relative "receiver"

VECTORS = JSON.parse(File.read(File.join(__dir__, "../../../packages/protocol/vectors/standard-webhooks.json")))

def check(name, expected, actual)
  abort "#{name}: #{actual}, and not #{expected}" unless expected == actual
end

def secret?(text)
  !key_of(text).nil?
rescue ArgumentError
  false
end

VECTORS.fetch("verify").each do |one|
  headers = { id: one["id"], timestamp: one["timestamp"], signature: one["signature"] }
  verdict = verify(one["secrets"], **headers, body: one["body"], now_s: one["now"])
  check(one["name"], one["verdict"], verdict)
end
VECTORS.fetch("secrets").each { |one| check(one["secret"], one["valid"], secret?(one["secret"])) }
puts "#{VECTORS["verify"].size} messages and #{VECTORS["secrets"].size} secrets are as they should be."
