/** The part of nodemailer that is used; it comes without types. */
declare module 'nodemailer' {
  export function createTransport(options: object): {
    sendMail(mail: object): Promise<unknown>
    close(): void
  }
}
