#!/usr/bin/env bash
# Signs an Amazon SES record as Amazon SNS does (SignatureVersion 2), with openssl, and prints the notification.
#
#   sign.sh KEY.pem TOPIC MESSAGE-ID TIME <record.json
set -euo pipefail

key="$1" topic="$2" id="$3" time="$4"
message="$(cat)"
region="$(cut -d: -f4 <<<"$topic")"

# What SNS signs: names and values, each with a newline, in the byte order of the names.
signature="$(printf 'Message\n%s\nMessageId\n%s\nTimestamp\n%s\nTopicArn\n%s\nType\nNotification\n' \
  "$message" "$id" "$time" "$topic" | openssl dgst -sha256 -sign "$key" | base64 -w0)"

quoted="$(printf '%s' "$message" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')"
cat <<JSON
{
  "Type" : "Notification",
  "MessageId" : "$id",
  "TopicArn" : "$topic",
  "Message" : "$quoted",
  "Timestamp" : "$time",
  "SignatureVersion" : "2",
  "Signature" : "$signature",
  "SigningCertURL" : "https://sns.$region.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
}
JSON
