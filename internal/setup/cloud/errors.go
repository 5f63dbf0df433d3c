package cloud

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"tidings/internal/fault"
)

// denied are the codes by which AWS's services say that the credentials may not do something.
var denied = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AuthorizationError": true, "AuthorizationErrorException": true,
	"UnauthorizedOperation": true,
}

// rejected are the codes of credentials that nobody knows.
var rejected = map[string]bool{
	"InvalidClientTokenId": true, "SignatureDoesNotMatch": true, "ExpiredToken": true, "ExpiredTokenException": true,
	"UnrecognizedClientException": true, "InvalidSignatureException": true,
}

// slow are the codes of too many calls at once, where the client has tried again in vain.
var slow = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "Throttled": true, "RequestThrottled": true,
	"TooManyRequestsException": true, "ConcurrentModificationException": true, "ConcurrentAccess": true,
}

// missing are the codes of what is not there.
var missing = map[string]bool{
	"NotFound": true, "NotFoundException": true, "AWS.SimpleQueueService.NonExistentQueue": true, "QueueDoesNotExist": true,
}

// named is how AWS's messages name the action that is not allowed.
var named = regexp.MustCompile(`not authorized to perform:? ([A-Za-z0-9-]+):([A-Za-z]+)`)

// code is AWS's code of an error; empty: it has none.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

func isMissing(err error) bool { return missing[code(err)] }

// explain says what a failed call means. action is what IAM calls it: sns:CreateTopic.
func explain(action string, err error) error {
	e, answered := errors.AsType[smithy.APIError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", action, context.Canceled)
	case !answered:
		return fault.Wrap(fault.Unavailable, "unreachable", err, action+": AWS could not be asked").
			WithHint("look at the network, and at AWS_ENDPOINT_URL if it is set")
	}
	said := e.ErrorCode() + ": " + e.ErrorMessage()
	switch {
	case denied[e.ErrorCode()]:
		if m := named.FindStringSubmatch(e.ErrorMessage()); m != nil {
			action = strings.ToLower(m[1]) + ":" + m[2]
		}
		return fault.New(fault.Forbidden, "permission_missing", "the credentials may not %s (%s)", action, said).
			WithHint("add %s to their IAM policy: docs/providers/ses.md has the least one", action)
	case rejected[e.ErrorCode()]:
		return fault.New(fault.Unauthenticated, "credentials_refused", "%s: AWS refuses the credentials (%s)", action, said).
			WithHint("sign in again, or correct AWS_PROFILE or the keys; the clock must be right too")
	case strings.Contains(e.ErrorCode(), "LimitExceeded"):
		return fault.New(fault.Conflict, "limit", "%s: a limit of the account is reached (%s)", action, said).
			WithHint("remove what is not needed, or ask AWS for more (Service Quotas)")
	case e.ErrorFault() == smithy.FaultServer, slow[e.ErrorCode()]:
		return fault.New(fault.Unavailable, "aws", "%s: %s", action, said)
	}
	return fault.New(fault.Conflict, "aws", "%s: %s", action, said)
}
