#!/bin/sh
# Makes the messages of this folder with the openssl command line. The key is thrown away.
set -eu
cd "$(dirname "$0")"
key=$(mktemp)
trap 'rm -f "$key" text' EXIT
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$key" -out cert.pem -days 27000 -sha256 \
	-subj "/C=US/ST=Washington/L=Seattle/O=Amazon.com, Inc./CN=sns.amazonaws.com" 2>/dev/null

topic=arn:aws:sns:eu-west-1:111122223333:ses
id=11111111-2222-4333-8444-555555555555
at=2026-05-04T11:59:00.000Z
url=https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem
# The message ends in a newline, as SES's do, and has a character that is not ASCII.
message='{"eventType":"Reject","mail":{"timestamp":"2026-05-04T11:58:00.000Z","messageId":"m1","source":"Jörg <j@send.test>","destination":["a@b.test"]},"reject":{"reason":"Bad content"}}'
escaped=$(printf '%s' "$message" | sed 's/"/\\"/g')'\n'

notification() { # version, digest
	printf 'Message\n%s\n\nMessageId\n%s\nSubject\nAmazon SES Email Event Notification\nTimestamp\n%s\nTopicArn\n%s\nType\nNotification\n' \
		"$message" "$id" "$at" "$topic" >text
	printf '{"Type":"Notification","MessageId":"%s","TopicArn":"%s","Subject":"Amazon SES Email Event Notification","Message":"%s","Timestamp":"%s","SignatureVersion":"%s","Signature":"%s","SigningCertURL":"%s","UnsubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe"}\n' \
		"$id" "$topic" "$escaped" "$at" "$1" "$(openssl dgst "-$2" -sign "$key" text | openssl base64 -A)" "$url" >"notification$1.json"
}
notification 1 sha1
notification 2 sha256

subscribe="https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
printf 'Message\nconfirm\nMessageId\n%s\nSubscribeURL\n%s\nTimestamp\n%s\nToken\naabb\nTopicArn\n%s\nType\nSubscriptionConfirmation\n' \
	"$id" "$subscribe" "$at" "$topic" >text
printf '{"Type":"SubscriptionConfirmation","MessageId":"%s","Token":"aabb","TopicArn":"%s","Message":"confirm","SubscribeURL":"%s","Timestamp":"%s","SignatureVersion":"2","Signature":"%s","SigningCertURL":"%s"}\n' \
	"$id" "$topic" "$subscribe" "$at" "$(openssl dgst -sha256 -sign "$key" text | openssl base64 -A)" "$url" >confirmation2.json
