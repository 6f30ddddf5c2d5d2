/** Why was the sign-in refused, said so that the person knows what to do? */
import { Refusal } from "../../api/client.ts";

export function refusalText(error: Error): string {
  if (!(error instanceof Refusal)) return "The cloud does not answer. Check the network and try again.";
  switch (error.status) {
    case 401:
      return "Wrong e-mail address or password.";
    case 422:
      return "Enter a whole e-mail address and a password.";
    case 429:
      return "Too many attempts. Wait five minutes, then try again.";
    default:
      return `The sign-in failed: ${error.detail}. Try again in a moment.`;
  }
}
