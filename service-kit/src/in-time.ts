/**
 * @param answer - what is waited for
 * @param milliseconds - how long
 * @param late - made when it has not come by then; what is waited for goes on
 * @returns the answer
 * @throws what `answer` rejects with, or what `late` returns
 */
export async function inTime<T>(
  answer: Promise<T>,
  milliseconds: number,
  late: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  return Promise.race([answer, tooLate]).finally(() => {
    clearTimeout(timer);
  });
}
