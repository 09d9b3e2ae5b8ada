/** Lines of halfopen.yaml for somebody who has no receiver yet. */
export const ALERT_SETUP = `alerts:
  channels:
    - name: phone
      type: ntfy
      topic: a-name-that-nobody-guesses`
